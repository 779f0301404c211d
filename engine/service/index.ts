/** The service SDK's public door: what a microservice in TypeScript imports. docs/services.md shows how. */
export { type BusTransportOptions, createBusTransport } from "./bus-transport.ts";
export type { Clock } from "./clock.ts";
export { type Call, defineService, type Handler, type ServiceDefinition, ServiceFailure } from "./define.ts";
export { createFaultInjector, type FaultInjector, type FaultRule } from "./faults.ts";
export { createHttpTransport, type HttpTransportOptions } from "./http-transport.ts";
export { createKafkaTransport, type KafkaTransportOptions } from "./kafka-transport.ts";
export { type LogLevel, type RunningService, type RunOptions, runService, type ServiceStatus } from "./run.ts";
export { openServiceStore, type ServiceStore, type ServiceStoreOptions } from "./store.ts";
export {
  type Connection,
  type ConnectOptions,
  type Delivery,
  type Positions,
  type Transport,
  TransportError,
} from "./transport.ts";
export { Unavailable } from "./unavailable.ts";

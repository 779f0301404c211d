/** The one profile of a host that was started on a cluster by hand (`manager --brokers`): nothing of it is kept. */
import type { KafkaInstallation } from "../bus/kafka/client.ts";
import { AntigraphError } from "../core/errors.ts";
import type { RegistryAccess } from "../registry/access.ts";
import type { NegationStore, ProfileStore } from "./host.ts";
import type { KafkaProfile } from "./profile-secrets.ts";
import type { Profile } from "./schemas/profile.ts";

export interface FixedCluster {
  name: string;
  environment: Profile["environment"];
  read_only: boolean;
  connection: KafkaInstallation;
}

export function fixedProfile(cluster: FixedCluster): ProfileStore & { negations: NegationStore } {
  const { name, environment, read_only, connection } = cluster;
  const { brokers, prefix, topics, registry } = connection;
  const refuse = () => {
    throw new AntigraphError("not_supported", "This host keeps the profile it was started with.");
  };
  let negations: ReturnType<NegationStore["get"]> = {};
  let clusterId: string | undefined;
  const current = (): Profile => ({
    ...{ name, kind: "kafka", environment, read_only, run_manager: true },
    ...(clusterId !== undefined && { cluster_id: clusterId }),
    kafka: { brokers, prefix, topics, ...(registry && { registry: shownRegistry(registry) }) },
  });
  return {
    negations: {
      get: () => negations,
      set(list) {
        negations = list;
      },
    },
    current,
    list: () => [current()],
    events: () => [],
    keyStore: async () => ({ available: false, why: "This host keeps no profiles." }),
    connection: async () => connection,
    draftConnection: async () => refuse(),
    put: async () => refuse(),
    remove: async () => refuse(),
    unlock: refuse,
    lock: refuse,
    setCurrent: () => {},
    note: () => {},
    reached(_name, id) {
      clusterId = id;
    },
  };
}

function shownRegistry({ url, username, password, wireFormat, validate }: RegistryAccess): KafkaProfile["registry"] {
  return {
    ...{ url, wire_format: wireFormat, validate },
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password: { set: true } }),
  };
}

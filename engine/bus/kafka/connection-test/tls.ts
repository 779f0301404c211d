/** Does each port speak what the profile says, TLS or in clear, and do both sides trust each other's certificates? */
import tls from "node:tls";
import type { KafkaConnection } from "../client.ts";
import type { Address } from "./address.ts";
import { type BrokerFinding, type Checked, ofBrokers } from "./finding.ts";
import { codeOf } from "./network.ts";
import { openProbe } from "./probe.ts";

const EXPIRES_SOON_DAYS = 14;
const DAY_MS = 86_400_000;

type Fault = { fault: string; help: string };

export async function checkTls(
  addresses: readonly Address[],
  ssl: KafkaConnection["ssl"],
): Promise<Checked<Address[]>> {
  if (!ssl)
    return ofBrokers(await Promise.all(addresses.map(speaksInClear)), "In clear, as the profile says: no TLS.");
  const options = ssl === true ? {} : ssl;
  const broken = brokenMaterial(options);
  if (broken !== undefined) return { finding: { status: "failed", message: broken.fault, help: broken.help } };
  const found = await Promise.all(addresses.map((address) => speaksTls(address, options)));
  const checked = ofBrokers(found, "TLS works, and the certificates are good.");
  const soon = found.flatMap((each) => ("note" in each && each.note.includes("expires in") ? [each.note] : []));
  if (checked.finding.status !== "ok" || soon.length === 0) return checked;
  const help = "Renew the brokers' certificates before then.";
  return { ...checked, finding: { ...checked.finding, status: "warning", message: `${soon[0]}.`, help } };
}

/** What Node itself says to the profile's certificates and key, before anybody is called. */
function brokenMaterial(options: tls.ConnectionOptions): Fault | undefined {
  try {
    tls.createSecureContext(options);
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    if (code.includes("KEY_VALUES_MISMATCH")) {
      return {
        fault: "The client's key doesn't belong to its certificate.",
        help: "Give the certificate and the key that were made together (`tls.cert`, `tls.key`).",
      };
    }
    return {
      fault: `A certificate or key of the profile can't be used (${code}).`,
      help: "They must be PEM text, the key without a passphrase.",
    };
  }
}

async function speaksTls(address: Address, options: tls.ConnectionOptions): Promise<BrokerFinding> {
  try {
    const probe = await openProbe(address, options);
    try {
      // With TLS 1.3 a broker refuses the client's certificate only after the handshake: at the first request.
      await probe.greet();
      return { address, note: probe.socket instanceof tls.TLSSocket ? certificateOf(probe.socket) : "TLS" };
    } finally {
      probe.close();
    }
  } catch (error) {
    return { address, ...(await tlsFault(address, error, options)) };
  }
}

function certificateOf(socket: tls.TLSSocket): string {
  const { subject, valid_to } = socket.getPeerCertificate();
  const days = Math.floor((Date.parse(valid_to) - Date.now()) / DAY_MS);
  const validity = days < EXPIRES_SOON_DAYS ? `expires in ${days} days` : `good until ${valid_to}`;
  return `${socket.getProtocol()}, certificate of ${subject?.CN ?? "nobody by name"} ${validity}`;
}

async function tlsFault(address: Address, error: unknown, options: tls.ConnectionOptions): Promise<Fault> {
  const code = codeOf(error);
  const ofCertificate = certificateFault(code, error, address);
  if (ofCertificate !== undefined) return ofCertificate;
  if (code === "ETIMEDOUT") return MUTE;
  const alert = code.includes("ALERT") || (error instanceof Error && /alert/i.test(error.message));
  if (alert || (options.cert === undefined && (await asksForCertificate(address)))) return clientFault(options);
  const inClear = await speaksInClear(address);
  if ("note" in inClear) {
    return {
      fault: "This port speaks Kafka in clear, and the profile asks for TLS.",
      help: "Name the port of the TLS listener, or take `tls` out of the profile.",
    };
  }
  return {
    fault: `The TLS handshake failed (${code}).`,
    help: "Is this the port of a Kafka listener with TLS? See the broker's log.",
  };
}

/** What is wrong with the broker's certificate. */
function certificateFault(code: string, error: unknown, { host }: Address): Fault | undefined {
  switch (code) {
    case "CERT_HAS_EXPIRED":
      return {
        fault: "The broker's certificate has expired.",
        help: "Renew the certificate on the broker; compare this machine's clock too.",
      };
    case "CERT_NOT_YET_VALID":
      return {
        fault: "The broker's certificate isn't valid yet.",
        help: "Compare the clocks of the broker and of this machine.",
      };
    case "ERR_TLS_CERT_ALTNAME_INVALID": {
      const why = error instanceof Error ? error.message.replace(/^.*altnames: /, "") : "";
      return {
        fault: `The broker's certificate is good for other names, not for ${host} (${why}).`,
        help: "Use the host name that stands in the certificate, or give it as `tls.server_name`; or have the certificate issued for this one.",
      };
    }
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
      return {
        fault: "The broker's certificate is signed by an authority that isn't known here.",
        help: "Give the certificate of that authority as `tls.ca`.",
      };
    default:
      return undefined;
  }
}

/** A broker that wants a client certificate breaks off, some with an alert, some without a word. */
async function asksForCertificate(address: Address): Promise<boolean> {
  try {
    // Nothing is sent over this connection: it only tells what breaks the other one off.
    const probe = await openProbe(address, { rejectUnauthorized: false });
    try {
      return await probe.greet().then(
        () => false,
        () => true,
      );
    } finally {
      probe.close();
    }
  } catch (error) {
    return /alert/i.test(`${codeOf(error)} ${error}`);
  }
}

function clientFault(options: tls.ConnectionOptions): Fault {
  if (options.cert === undefined) {
    return {
      fault: "The broker asks for a client certificate, and the profile has none.",
      help: "Give `tls.cert` and `tls.key`, signed by an authority that the brokers trust.",
    };
  }
  return {
    fault: "The broker doesn't accept the client's certificate.",
    help: "It must be signed by an authority in the broker's `ssl.truststore.location`, and not have expired.",
  };
}

async function speaksInClear(address: Address): Promise<BrokerFinding> {
  try {
    const probe = await openProbe(address);
    try {
      await probe.greet();
      return { address, note: "Kafka in clear" };
    } finally {
      probe.close();
    }
  } catch {
    return { address, ...((await speaksAnyTls(address)) ? WANTS_TLS : NO_KAFKA) };
  }
}

async function speaksAnyTls(address: Address): Promise<boolean> {
  try {
    // Whoever it is: nothing is sent, the question is only whether there is TLS at all.
    const probe = await openProbe(address, { rejectUnauthorized: false });
    probe.close();
    return true;
  } catch (error) {
    return /alert/i.test(`${codeOf(error)} ${error}`);
  }
}

const WANTS_TLS: Fault = {
  fault: "This port speaks TLS, and the profile is in clear.",
  help: "Add `tls` to the profile (`{}` where the system knows the authority), or name the port of a listener in clear.",
};
const MUTE: Fault = {
  fault: "What listens there accepts connections and never answers.",
  help: "A proxy or firewall may stand in between, or the broker is stuck: see its log, or try from its own machine.",
};
const NO_KAFKA: Fault = {
  fault: "What listens there doesn't answer like a Kafka broker.",
  help: "Check the port: it may be the controller's, ZooKeeper's or a web page's.",
};

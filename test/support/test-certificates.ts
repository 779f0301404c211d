/** A certificate authority for tests, and certificates of it: made by openssl, thrown away with their folder. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface TestCertificate {
  /** The certificate and its key, PEM text. */
  cert: string;
  key: string;
  /** A file with both, as Kafka's PEM key stores are. */
  file: string;
}

export interface TestAuthority {
  /** PEM text, and the file of it. */
  ca: string;
  caFile: string;
  /** @param names what the certificate is good for: `IP:127.0.0.1`, `DNS:localhost` */
  issue(name: string, names: string[], options?: { expired?: boolean; days?: number }): TestCertificate;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

export function createAuthority(folder: string, name = "ca"): TestAuthority {
  const path = (file: string) => join(folder, `${name}-${file}`);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const caFile = path("ca.pem");
  const caKey = path("ca.key");
  openssl("req", "-x509", ...KEY, "-days", "365", "-subj", `/CN=${name}`, "-keyout", caKey, "-out", caFile);
  // `openssl ca` alone can make a certificate whose time is over.
  writeFileSync(path("index.txt"), "");
  writeFileSync(path("serial"), "1000\n");
  return {
    ca: readFileSync(caFile, "utf8"),
    caFile,
    issue(subject, names, { expired = false, days = 90 } = {}) {
      const file = (suffix: string) => path(`${subject}.${suffix}`);
      openssl("req", "-new", ...KEY, "-subj", `/CN=${subject}`, "-keyout", file("key"), "-out", file("csr"));
      const config = [
        "[ca]\ndefault_ca=this\n[this]",
        `database=${path("index.txt")}`,
        `serial=${path("serial")}`,
        `new_certs_dir=${folder}`,
        `certificate=${caFile}`,
        `private_key=${caKey}`,
        "default_md=sha256\npolicy=any\nunique_subject=no\nx509_extensions=names\n[any]\ncommonName=supplied\n[names]",
        `subjectAltName=${names.join(",")}`,
      ];
      writeFileSync(file("cnf"), `${config.join("\n")}\n`);
      const times = expired ? ["-startdate", "200101000000Z", "-enddate", "210101000000Z"] : ["-days", String(days)];
      openssl(
        ...["ca", "-batch", "-notext", "-config", file("cnf"), ...times, "-in", file("csr"), "-out", file("crt")],
      );
      const [cert, key] = [readFileSync(file("crt"), "utf8"), readFileSync(file("key"), "utf8")];
      writeFileSync(file("pem"), `${key}${cert}`);
      return { cert, key, file: file("pem") };
    },
  };
}

/**
 * Certificates of a cluster of one's own: an authority, and a directory for each kind of process.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { generate } from "selfsigned";
import type { Role } from "../../core/net/transport.ts";

const algorithm = { keyType: "ec", curve: "P-256", algorithm: "sha256" } as const;
const days = 24 * 3_600_000;

/** Writes `ca.pem`, `cert.pem` and `key.pem` to `root`/name for each name, with its roles, good for `addresses`. */
export async function makeCertificates(
  root: string,
  roles: Readonly<Record<string, readonly Role[]>>,
  addresses: readonly string[],
): Promise<void> {
  const [notBeforeDate, notAfterDate] = [new Date(Date.now() - days), new Date(Date.now() + days)];
  const authority = await generate([{ name: "commonName", value: "authority" }], {
    ...algorithm,
    notBeforeDate,
    notAfterDate,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  for (const [name, names] of Object.entries(roles)) {
    const { cert, private: key } = await generate([{ name: "commonName", value: name }], {
      ...algorithm,
      notBeforeDate,
      notAfterDate,
      ca: { cert: authority.cert, key: authority.private },
      extensions: [
        { name: "basicConstraints", cA: false, critical: true },
        { name: "keyUsage", digitalSignature: true, critical: true },
        { name: "extKeyUsage", serverAuth: true, clientAuth: true },
        {
          name: "subjectAltName",
          altNames: [
            ...addresses.map((ip) => ({ type: 7 as const, ip })),
            ...names.map((role) => ({ type: 6 as const, value: `superstep:role:${role}` })),
          ],
        },
      ],
    });
    const directory = path.join(root, name);
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, "ca.pem"), authority.cert);
    writeFileSync(path.join(directory, "cert.pem"), cert);
    writeFileSync(path.join(directory, "key.pem"), key, { mode: 0o600 });
  }
}

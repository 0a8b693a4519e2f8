import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A key and a certificate of its own for some names, in files and as text. */
export interface TestCertificate {
	readonly cert: string;
	readonly keyFile: string;
	readonly certFile: string;
	remove(): void;
}

/** Makes a certificate with openssl. @param names e.g. "DNS:relay.test,IP:127.0.0.1" */
export function makeCertificate(names: string): TestCertificate {
	const dir = mkdtempSync(join(tmpdir(), "turn-client-tls-"));
	const keyFile = join(dir, "key.pem");
	const certFile = join(dir, "cert.pem");
	const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyFile];
	const subject = ["-subj", "/CN=relay.test", "-addext", `subjectAltName=${names}`];
	execFileSync("openssl", ["req", "-x509", ...key, "-days", "3650", ...subject, "-out", certFile], {
		stdio: "ignore",
	});
	return {
		cert: readFileSync(certFile, "utf8"),
		keyFile,
		certFile,
		remove: () => rmSync(dir, { recursive: true }),
	};
}

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A key and a certificate of its own for these names, in files and as text. */
export interface TestCertificate {
	readonly key: string;
	readonly cert: string;
	readonly keyFile: string;
	readonly certFile: string;
	remove(): void;
}

/** Makes a certificate with openssl. @param names e.g. "DNS:stun.test,IP:127.0.0.1" */
export function makeCertificate(names: string): TestCertificate {
	const dir = mkdtempSync(join(tmpdir(), "stun-client-tls-"));
	const keyFile = join(dir, "key.pem");
	const certFile = join(dir, "cert.pem");
	execFileSync(
		"openssl",
		[
			...[
				"req",
				"-x509",
				"-newkey",
				"ec",
				"-pkeyopt",
				"ec_paramgen_curve:prime256v1",
				"-nodes",
				"-days",
				"3650",
			],
			...[
				"-subj",
				"/CN=stun.test",
				"-addext",
				`subjectAltName=${names}`,
				"-keyout",
				keyFile,
				"-out",
				certFile,
			],
		],
		{ stdio: "ignore" },
	);
	return {
		key: readFileSync(keyFile, "utf8"),
		cert: readFileSync(certFile, "utf8"),
		keyFile,
		certFile,
		remove: () => rmSync(dir, { recursive: true }),
	};
}

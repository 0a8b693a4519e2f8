import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

/*
 * Certificates for tests, made at run time so that no key is ever committed: X.509 (RFC 5280) in as much DER
 * as a name, two alternative names and a CA flag need.
 */

/** A certificate and its key, as PEM. */
interface Identity {
	readonly cert: string;
	readonly key: string;
}

/** An authority that signs certificates. */
export interface Authority extends Identity {
	/** A certificate for these DNS names and IPv4 or IPv6 addresses. */
	issue(...names: string[]): Identity;
	/** The same, expired in 2021. */
	issueExpired(...names: string[]): Identity;
}

const FAR_FUTURE = "20991231235959Z";
const SEQUENCE = 0x30;
const SET = 0x31;
const OID = 0x06;
const ECDSA_SHA256 = der(SEQUENCE, der(OID, Buffer.from("2a8648ce3d040302", "hex")));

/** Makes an authority that signs with ECDSA on P-256. */
export function makeAuthority(name = "test authority"): Authority {
	const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const basic = extension("551d13", der(SEQUENCE, der(0x01, Buffer.from([0xff]))), true);
	const cert = certificate({
		subject: name,
		issuer: name,
		publicKey,
		signer: privateKey,
		extensions: [basic],
		until: FAR_FUTURE,
	});
	const issue = (until: string, names: readonly string[]): Identity => {
		const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
		const alternative = extension("551d11", der(SEQUENCE, ...names.map(alternativeName)), false);
		return {
			cert: certificate({
				subject: names[0] ?? "unnamed",
				issuer: name,
				publicKey: own.publicKey,
				signer: privateKey,
				extensions: [alternative],
				until,
			}),
			key: pemKey(own.privateKey),
		};
	};
	return {
		cert,
		key: pemKey(privateKey),
		issue: (...names) => issue(FAR_FUTURE, names),
		issueExpired: (...names) => issue("20210101000000Z", names),
	};
}

interface CertificateInit {
	readonly subject: string;
	readonly issuer: string;
	readonly publicKey: KeyObject;
	readonly signer: KeyObject;
	readonly extensions: readonly Buffer[];
	readonly until: string;
}

function certificate({ extensions, issuer, publicKey, signer, subject, until }: CertificateInit): string {
	const serial = randomBytes(16);
	serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
	const body = der(
		SEQUENCE,
		der(0xa0, der(0x02, Buffer.from([2]))),
		der(0x02, serial),
		ECDSA_SHA256,
		distinguishedName(issuer),
		der(SEQUENCE, time("20200101000000Z"), time(until)),
		distinguishedName(subject),
		publicKey.export({ type: "spki", format: "der" }),
		der(0xa3, der(SEQUENCE, ...extensions)),
	);
	const signature = sign("sha256", body, createPrivateKey(signer.export({ type: "pkcs8", format: "pem" })));
	const whole = der(SEQUENCE, body, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature));
	const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
	return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function der(tag: number, ...contents: Buffer[]): Buffer {
	const body = Buffer.concat(contents);
	const { length } = body;
	const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
	return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

function time(text: string): Buffer {
	return der(0x18, Buffer.from(text));
}

function distinguishedName(common: string): Buffer {
	const attribute = der(SEQUENCE, der(OID, Buffer.from("550403", "hex")), der(0x0c, Buffer.from(common)));
	return der(SEQUENCE, der(SET, attribute));
}

function extension(oid: string, value: Buffer, critical: boolean): Buffer {
	const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
	return der(SEQUENCE, der(OID, Buffer.from(oid, "hex")), ...flag, der(0x04, value));
}

function alternativeName(name: string): Buffer {
	if (isIP(name) === 0) return der(0x82, Buffer.from(name));
	return der(0x87, isIP(name) === 4 ? Buffer.from(name.split(".").map(Number)) : ipv6Bytes(name));
}

function ipv6Bytes(ip: string): Buffer {
	const [head = "", tail = ""] = ip.split("::");
	const words = (part: string): number[] =>
		part === "" ? [] : part.split(":").map((word) => Number.parseInt(word, 16));
	const front = words(head);
	const back = words(tail);
	const all = [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
	return Buffer.from(all.flatMap((word) => [word >> 8, word & 0xff]));
}

function pemKey(key: KeyObject): string {
	return String(key.export({ type: "pkcs8", format: "pem" }));
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	type AttributeName,
	attributeValue,
	checkIntegrity,
	decodeMessage,
	encodeMessage,
	longTermKey,
	type MessageInput,
	type NamedAttribute,
} from "../../src/codec.js";
import { StunEncodeError } from "../../src/index.js";

const { P2PD_LONG } = process.env;

const ipv4 = fc.ipV4();
/** Canonical IPv6 text, made from the groups so that runs of zeros are common. */
const ipv6 = fc
	.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
	.map((groups) =>
		new URL(`http://[${groups.map((group) => group.toString(16)).join(":")}]/`).hostname.slice(1, -1),
	)
	// Node's URL writes mapped addresses in hex, RFC 5952 section 5 in dotted form.
	.filter((text) => !text.startsWith("::ffff:"));
const address = fc.record({ ip: fc.oneof(ipv4, ipv6), port: fc.integer({ min: 1, max: 65535 }) });
const text = (max: number) =>
	fc.string({ unit: "binary", maxLength: max }).filter((value) => !value.endsWith("\0"));
const bytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max });
const algorithm = fc.record({ algorithm: fc.nat(0xffff), parameters: bytes(0, 9) });

const ADDRESSES = [
	"MAPPED-ADDRESS",
	"XOR-MAPPED-ADDRESS",
	"XOR-MAPPED-ADDRESS-DRAFT",
	"RESPONSE-ADDRESS",
	"SOURCE-ADDRESS",
	"CHANGED-ADDRESS",
	"REFLECTED-FROM",
	"ALTERNATE-SERVER",
	"RESPONSE-ORIGIN",
	"OTHER-ADDRESS",
] as const;

const attribute: fc.Arbitrary<NamedAttribute> = fc.oneof(
	...ADDRESSES.map((name) => address.map((value) => ({ name, value }))),
	fc
		.record({ changeIp: fc.boolean(), changePort: fc.boolean() })
		.map((value) => ({ name: "CHANGE-REQUEST" as const, value })),
	fc
		.record({ status: fc.integer({ min: 300, max: 699 }), reason: text(20) })
		.map((value) => ({ name: "ERROR-CODE" as const, value })),
	fc
		.uniqueArray(fc.nat(0xffff), { maxLength: 9 })
		.map((value) => ({ name: "UNKNOWN-ATTRIBUTES" as const, value })),
	...(["USERNAME", "REALM", "NONCE", "SOFTWARE", "ALTERNATE-DOMAIN"] as const).map((name) =>
		text(30).map((value) => ({ name, value })),
	),
	fc.nat(0xffff).map((value) => ({ name: "RESPONSE-PORT" as const, value })),
	fc.nat(0xffffffff).map((value) => ({ name: "CACHE-TIMEOUT" as const, value })),
	...(["PADDING", "PASSWORD"] as const).map((name) => bytes(0, 40).map((value) => ({ name, value }))),
	bytes(32, 32).map((value) => ({ name: "USERHASH" as const, value })),
	algorithm.map((value) => ({ name: "PASSWORD-ALGORITHM" as const, value })),
	fc.array(algorithm, { maxLength: 3 }).map((value) => ({ name: "PASSWORD-ALGORITHMS" as const, value })),
);

const message: fc.Arbitrary<MessageInput> = fc.record({
	class: fc.constantFrom("request", "indication", "success", "error"),
	method: fc.nat(0xfff),
	transactionId: fc.oneof(
		bytes(12, 12),
		bytes(16, 16).filter((id) => Buffer.from(id).readUInt32BE(0) !== 0x2112a442),
	),
	attributes: fc.array(attribute, { maxLength: 6 }),
	fingerprint: fc.boolean(),
});

/** Buffers and arrays of the same bytes are the same value. */
const plain = (value: unknown): unknown =>
	value instanceof Uint8Array
		? [...value]
		: Array.isArray(value)
			? value.map(plain)
			: typeof value === "object" && value !== null
				? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
				: value;

describe("what is written is read", () => {
	it("for any message", { timeout: 120_000 }, () => {
		fc.assert(
			fc.property(message, (input) => {
				const decoded = decodeMessage(encodeMessage(input));
				expect(decoded).toMatchObject({ class: input.class, method: input.method });
				expect([...decoded.transactionId]).toEqual([...input.transactionId]);
				expect(decoded.classic).toBe(input.transactionId.length === 16);
				const own = decoded.attributes.filter(({ name }) => name !== "FINGERPRINT");
				expect(own.length + (input.fingerprint ? 1 : 0)).toBe(decoded.attributes.length);
				const read = own.map(({ name, value }) => ({ name, value: plain(value) }));
				const written = (input.attributes ?? []).map((each) => {
					if (!("name" in each)) throw new Error("raw");
					const isAddress = ADDRESSES.includes(each.name as (typeof ADDRESSES)[number]);
					const { ip } = each.value as { ip: string };
					const family = isAddress ? { family: ip.includes(":") ? 6 : 4 } : {};
					const value = isAddress ? { ...(each.value as object), ...family } : plain(each.value);
					return { name: each.name as AttributeName, value };
				});
				expect(read).toEqual(written);
			}),
			{ numRuns: P2PD_LONG === "1" ? 20_000 : 500 },
		);
	});

	it.each(["sha1", "sha256", "both"] as const)("with integrity %s, which no other key fits", (algorithm) => {
		const key = longTermKey("user", "realm", "pass", algorithm === "sha1" ? "md5" : "sha256");
		const input = {
			class: "request",
			transactionId: Buffer.alloc(12, 7),
			integrity: { key, algorithm },
			fingerprint: true,
		} as const;
		const decoded = decodeMessage(encodeMessage(input));
		expect(checkIntegrity(decoded, key)).toBe("valid");
		expect(checkIntegrity(decoded, longTermKey("user", "realm", "Pass"))).toBe("invalid");
		expect(
			checkIntegrity(decodeMessage(encodeMessage({ ...input, integrity: { key: Buffer.alloc(1) } })), key),
		).toBe("invalid");
	});

	it("RFC 8489 appendix B.1, with the HMAC of its verified erratum", () => {
		const input: MessageInput = {
			class: "request",
			transactionId: Buffer.from("78ad3433c6ad72c029da412e", "hex"),
			attributes: [
				{
					name: "USERHASH",
					value: Buffer.from("4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704", "hex"),
				},
				{ name: "NONCE", value: "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA" },
				{ name: "REALM", value: "example.org" },
				{ name: "PASSWORD-ALGORITHM", value: { algorithm: 2, parameters: new Uint8Array(0) } },
			],
			integrity: {
				key: longTermKey("マトリックス", "example.org", "TheMatrIX", "sha256"),
				algorithm: "sha256",
			},
		};
		const decoded = decodeMessage(encodeMessage(input));
		expect(Buffer.from(attributeValue(decoded, "MESSAGE-INTEGRITY-SHA256") ?? []).toString("hex")).toBe(
			"b5c7bf005b6c52a21c51c5e892f81924136296cb927c43149309278cc6518e65",
		);
	});

	const id = Buffer.alloc(12);
	it.each<[string, MessageInput]>([
		["an id of 11 bytes", { class: "request", transactionId: Buffer.alloc(11) }],
		["a method of 13 bits", { class: "request", transactionId: id, method: 0x1000 }],
		[
			"an invalid IP",
			{
				class: "request",
				transactionId: id,
				attributes: [{ name: "MAPPED-ADDRESS", value: { ip: "1.2.3", port: 1 } }],
			},
		],
		[
			"an IP with a zone",
			{
				class: "request",
				transactionId: id,
				attributes: [{ name: "MAPPED-ADDRESS", value: { ip: "fe80::1%eth0", port: 1 } }],
			},
		],
		[
			"port 0",
			{
				class: "request",
				transactionId: id,
				attributes: [{ name: "XOR-MAPPED-ADDRESS", value: { ip: "1.2.3.4", port: 0 } }],
			},
		],
		[
			"error 299",
			{
				class: "error",
				transactionId: id,
				attributes: [{ name: "ERROR-CODE", value: { status: 299, reason: "" } }],
			},
		],
		[
			"a reason of 128 characters",
			{
				class: "error",
				transactionId: id,
				attributes: [{ name: "ERROR-CODE", value: { status: 400, reason: "x".repeat(128) } }],
			},
		],
		[
			"a user name of 514 bytes",
			{ class: "request", transactionId: id, attributes: [{ name: "USERNAME", value: "é".repeat(257) }] },
		],
		[
			"an attribute type of 17 bits",
			{ class: "request", transactionId: id, attributes: [{ type: 0x10000, value: id }] },
		],
		[
			"a number of 33 bits",
			{ class: "request", transactionId: id, attributes: [{ name: "CACHE-TIMEOUT", value: 2 ** 32 }] },
		],
		[
			"more than fits",
			{
				class: "request",
				transactionId: id,
				attributes: [
					{ name: "PADDING", value: new Uint8Array(0xffff) },
					{ type: 0x8000, value: id },
				],
			},
		],
	])("%s cannot be written", (_name, input) => {
		expect(() => encodeMessage(input)).toThrow(StunEncodeError);
	});
});

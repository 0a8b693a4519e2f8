import { ManualClock } from "@p2pd/testnet";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	decodeMessage,
	encodeMessage,
	type MessageInput,
	type NamedAttribute,
	type RawAttribute,
} from "../../src/codec.js";
import { createStunResponder, type StunResponderOptions } from "../../src/server.js";

const P = { ip: "198.51.100.1", port: 3478 };
const S = { ip: "198.51.100.2", port: 3479 };
const V6 = {
	primary: { ip: "2001:db8:aaaa:bbbb::1", port: 3478 },
	alternate: { ip: "2001:db8:aaaa:bbbb::2", port: 3479 },
};
const ME = { ip: "203.0.113.7", port: 54321 };
const ME6 = { ip: "2001:db8:1:2:3:4:5:6", port: 54321 };

const request = (
	attributes: readonly (NamedAttribute | RawAttribute)[] = [],
	more: Partial<MessageInput> = {},
): Buffer => encodeMessage({ class: "request", transactionId: Buffer.alloc(12, 1), attributes, ...more });
const classic = (attributes: readonly (NamedAttribute | RawAttribute)[] = []): Buffer =>
	request(attributes, { transactionId: Buffer.alloc(16, 1) });
const change = (changeIp: boolean, changePort: boolean): NamedAttribute => ({
	name: "CHANGE-REQUEST",
	value: { changeIp, changePort },
});

const responder = (options: Partial<StunResponderOptions> = {}) =>
	createStunResponder({ primary: P, alternate: S, rate: 0, ...options });

const ask = (data: Uint8Array, options: Partial<StunResponderOptions> = {}, localTo = P) => {
	const [reply, ...more] = responder(options)(data, ME, localTo);
	expect(more).toEqual([]);
	if (reply === undefined) return undefined;
	const message = decodeMessage(reply.data);
	const values = Object.fromEntries(message.attributes.map(({ name, type, value }) => [name ?? type, value]));
	return { from: reply.from, to: reply.to, size: reply.data.length, message, values };
};

const seen = ({ ip, port }: { ip: string; port: number }) => ({ family: ip.includes(":") ? 6 : 4, ip, port });

describe("the responder", () => {
	it("answers RFC 8489 with the attributes of RFC 5780", () => {
		const reply = ask(request());
		expect(reply).toMatchObject({ from: P, to: ME, message: { class: "success", classic: false } });
		expect(reply?.values).toEqual({
			"XOR-MAPPED-ADDRESS": seen(ME),
			"RESPONSE-ORIGIN": seen(P),
			"OTHER-ADDRESS": seen(S),
		});
	});

	it("answers RFC 3489 with its own attributes, and none that such a client must refuse", () => {
		const reply = ask(classic());
		expect(reply?.message.classic).toBe(true);
		expect(reply?.values).toEqual({
			"MAPPED-ADDRESS": seen(ME),
			"SOURCE-ADDRESS": seen(P),
			"CHANGED-ADDRESS": seen(S),
		});
	});

	it.each([
		[P, false, false, P, S],
		[P, true, false, { ip: S.ip, port: P.port }, S],
		[P, false, true, { ip: P.ip, port: S.port }, S],
		[P, true, true, S, S],
		[S, true, true, P, P],
		[{ ip: S.ip, port: P.port }, true, false, P, { ip: P.ip, port: S.port }],
	])("asked at %j, change IP %s, port %s: answers from %j and names %j", (at, ip, port, from, other) => {
		for (const data of [request([change(ip, port)]), classic([change(ip, port)])]) {
			const reply = ask(data, {}, at);
			expect(reply?.from).toEqual(from);
			expect(reply?.values["OTHER-ADDRESS"] ?? reply?.values["CHANGED-ADDRESS"]).toEqual(seen(other));
			expect(reply?.values["RESPONSE-ORIGIN"] ?? reply?.values["SOURCE-ADDRESS"]).toEqual(seen(from));
		}
	});

	it.each<[string, Buffer, Partial<StunResponderOptions>, number[]]>([
		["an unknown attribute", request([{ type: 0x7abc, value: new Uint8Array(0) }]), {}, [0x7abc]],
		["a change without a second address", request([change(true, false)]), { alternate: undefined }, [0x0003]],
		[
			"RESPONSE-PORT where it is off",
			request([{ name: "RESPONSE-PORT", value: 99 }]),
			{ responsePort: false },
			[0x0027],
		],
		["RESPONSE-ADDRESS", classic([{ name: "RESPONSE-ADDRESS", value: ME }]), {}, [0x0002]],
		[
			"PADDING where it is off",
			request([{ name: "PADDING", value: new Uint8Array(8) }]),
			{ padding: false },
			[0x0026],
		],
	])("refuses %s with 420, from the address that was asked", (_name, data, options, unknown) => {
		const reply = ask(data, options);
		expect(reply).toMatchObject({ from: P, to: ME, message: { class: "error" } });
		expect(reply?.values["ERROR-CODE"]).toMatchObject({ status: 420 });
		expect(reply?.values["UNKNOWN-ATTRIBUTES"]).toEqual(unknown);
	});

	it("ignores unknown attributes that need not be understood", () => {
		expect(ask(request([{ type: 0xfabc, value: new Uint8Array(5) }]))?.message.class).toBe("success");
	});

	it("answers a change of nothing from where it was asked, also without a second address", () => {
		const reply = ask(request([change(false, false)]), { alternate: undefined });
		expect(reply).toMatchObject({ from: P, message: { class: "success" } });
		expect(reply?.values["OTHER-ADDRESS"]).toBeUndefined();
	});

	it("obeys RESPONSE-PORT, but not together with PADDING", () => {
		const attribute: NamedAttribute = { name: "RESPONSE-PORT", value: 99 };
		expect(ask(request([attribute]))?.to).toEqual({ ip: ME.ip, port: 99 });
		const both = request([attribute, { name: "PADDING", value: new Uint8Array(8) }]);
		expect(ask(both)?.values["ERROR-CODE"]).toMatchObject({ status: 400 });
		const none = request([{ name: "RESPONSE-PORT", value: 0 }]);
		expect(ask(none)?.values["ERROR-CODE"]).toMatchObject({ status: 400 });
	});

	it("pads with as many bytes as the request had", () => {
		const reply = ask(request([{ name: "PADDING", value: new Uint8Array(1400).fill(7) }]));
		expect(reply?.values["PADDING"]).toEqual(Buffer.alloc(1400));
		expect(reply?.values["SOFTWARE"]).toBeUndefined();
	});

	it("appends FINGERPRINT when the request has it", () => {
		expect(ask(request([], { fingerprint: true }))?.values["FINGERPRINT"]).toEqual(expect.any(Number));
		expect(ask(request())?.values["FINGERPRINT"]).toBeUndefined();
	});

	it("adds SOFTWARE, and to RFC 3489 the XORed address, only to requests that are long enough", () => {
		const long: NamedAttribute = { name: "SOFTWARE", value: "a client with a name" };
		expect(ask(request([long]))?.values["SOFTWARE"]).toBe("p2pd");
		expect(ask(request())?.values["SOFTWARE"]).toBeUndefined();
		expect(ask(classic([change(false, false)]))?.values["XOR-MAPPED-ADDRESS-DRAFT"]).toEqual(seen(ME));
		expect(ask(classic())?.values["XOR-MAPPED-ADDRESS-DRAFT"]).toBeUndefined();
	});

	it("amplifies an empty request by at most 3 over IPv4 and 4.6 over IPv6", () => {
		for (const data of [request(), classic()]) {
			const [four] = responder()(data, ME, P);
			const [six] = responder(V6)(data, ME6, V6.primary);
			expect((four?.data.length ?? 99) / data.length).toBeLessThanOrEqual(3);
			expect((six?.data.length ?? 99) / data.length).toBeLessThanOrEqual(4.6);
		}
	});

	it("never amplifies a request by more than 3, but for the 72 bytes of three IPv6 addresses", () => {
		const attribute = fc.oneof(
			fc.constantFrom(change(true, true), change(false, false)),
			fc
				.tuple(fc.integer({ min: 0x4000, max: 0xffff }), fc.uint8Array({ maxLength: 40 }))
				.map(([type, value]) => ({ type, value })),
			fc.integer({ min: 1, max: 1000 }).map((size) => ({
				name: "PADDING" as const,
				value: new Uint8Array(size),
			})),
			fc.constant<NamedAttribute>({ name: "RESPONSE-PORT", value: 7 }),
		);
		fc.assert(
			fc.property(
				fc.array(attribute, { maxLength: 40 }),
				fc.boolean(),
				fc.constantFrom(12, 16),
				fc.boolean(),
				(attributes, fingerprint, size, six) => {
					const transactionId = Buffer.alloc(size, 1);
					const data = encodeMessage({ class: "request", transactionId, attributes, fingerprint });
					const [to, options, at] = six ? [ME6, V6, V6.primary] : [ME, {}, P];
					for (const reply of responder(options)(data, to, at)) {
						const padding = decodeMessage(data).attributes.find(({ name }) => name === "PADDING");
						// The addresses, FINGERPRINT, and what the request itself had as padding.
						const least = (six ? 92 : 60) + 8 + (padding === undefined ? 0 : data.length);
						expect(reply.data.length).toBeLessThanOrEqual(Math.max(3 * data.length, least));
					}
				},
			),
			{ numRuns: 500 },
		);
	});

	it("writes the replies to the commonest requests as the codec would", () => {
		const ip = fc.ipV4();
		const port = fc.integer({ min: 1, max: 65535 });
		const id = fc.uint8Array({ minLength: 12, maxLength: 12 });
		fc.assert(
			fc.property(ip, port, id, fc.constantFrom(0, 2, 4, 6, null), (ip, port, transactionId, bits) => {
				const attributes = bits === null ? [] : [change((bits & 4) !== 0, (bits & 2) !== 0)];
				const data = encodeMessage({ class: "request", transactionId, attributes });
				const [reply] = responder()(data, { ip, port }, P);
				const flags = bits ?? 0;
				const origin = { ip: flags & 4 ? S.ip : P.ip, port: flags & 2 ? S.port : P.port };
				expect(reply?.from).toEqual(origin);
				expect(reply?.data).toEqual(
					encodeMessage({
						class: "success",
						transactionId,
						attributes: [
							{ name: "XOR-MAPPED-ADDRESS", value: { ip, port } },
							{ name: "RESPONSE-ORIGIN", value: origin },
							{ name: "OTHER-ADDRESS", value: S },
						],
					}),
				);
			}),
			{ numRuns: 1000 },
		);
	});

	it.each(["0.0.0.0", "::"])("does not claim to answer from %s", (ip) => {
		const at = { ip, port: 3478 };
		const from = ip === "::" ? ME6 : ME;
		for (const data of [request(), classic(), request([{ name: "SOFTWARE", value: "long enough" }])]) {
			const [reply] = createStunResponder({ primary: at, rate: 0 })(data, from, at);
			const names = decodeMessage(reply?.data ?? new Uint8Array()).attributes.map(({ name }) => name);
			expect(names).not.toContain("RESPONSE-ORIGIN");
			expect(names).not.toContain("SOURCE-ADDRESS");
		}
	});

	it("spends the limit on well-formed requests only", () => {
		const clock = new ManualClock();
		const respond = createStunResponder({ primary: P, rate: 1, burst: 1 }, { clock });
		for (let n = 0; n < 100; n++) expect(respond(Buffer.from("junk in your name"), ME, P)).toEqual([]);
		expect(respond(request(), ME, P)).toHaveLength(1);
		expect(respond(request(), ME, P)).toEqual([]);
	});

	it.each<[string, Uint8Array]>([
		["nothing", new Uint8Array(0)],
		["text", Buffer.from("GET / HTTP/1.1\r\nHost: example\r\n\r\n")],
		["a response", request([], { class: "success" })],
		["an error response", request([], { class: "error" })],
		["an indication", request([], { class: "indication" })],
		["another method", request([], { method: 3 })],
		["a message that is cut short", request([{ name: "SOFTWARE", value: "abcd" }]).subarray(0, 24)],
		["a message with more behind it", Buffer.concat([request(), Buffer.alloc(4)])],
		[
			"a wrong FINGERPRINT",
			Buffer.concat([
				Buffer.from("000100082112a442010101010101010101010101", "hex"),
				Buffer.from("8028000400000000", "hex"),
			]),
		],
	])("drops %s", (_name, data) => {
		expect(responder()(data, ME, P)).toEqual([]);
	});

	it("drops RFC 3489 where it is off, and what comes from port 0", () => {
		expect(responder({ rfc3489: false })(classic(), ME, P)).toEqual([]);
		expect(responder()(request(), { ip: ME.ip, port: 0 }, P)).toEqual([]);
	});

	it("strips zones", () => {
		const at = { ip: "fe80::1%eth0", port: 3478 };
		const from = { ip: "fe80::2%eth0", port: 9 };
		const [reply] = createStunResponder({ primary: at, rate: 0 })(request(), from, at);
		expect(reply).toMatchObject({ from: at, to: from });
		expect(decodeMessage(reply?.data ?? new Uint8Array()).attributes[0]?.value).toEqual({
			family: 6,
			ip: "fe80::2",
			port: 9,
		});
	});

	it.each([
		[{ alternate: { ip: P.ip, port: 3479 } }],
		[{ alternate: { ip: S.ip, port: 3478 } }],
		[{ software: "too long" }],
		[{ primary: { ip: "0.0.0.0", port: 3478 } }],
		[{ alternate: { ip: "::2", port: 3479 } }],
		[{ rate: Number.NaN }],
		[{ burst: 0 }],
		[{ rates: 5 } as object],
	])("does not take the options %j", (options) => {
		expect(() => responder(options)).toThrow(expect.objectContaining({ code: "ERR_STUN_CONFIG" }));
	});
});

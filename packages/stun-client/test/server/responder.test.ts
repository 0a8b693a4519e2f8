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
			"MAPPED-ADDRESS": seen(ME),
			"RESPONSE-ORIGIN": seen(P),
			"OTHER-ADDRESS": seen(S),
			SOFTWARE: "p2pd",
		});
	});

	it("answers RFC 3489 with its own attributes, and none that such a client must refuse", () => {
		const reply = ask(classic());
		expect(reply?.message.classic).toBe(true);
		expect(reply?.values).toEqual({
			"MAPPED-ADDRESS": seen(ME),
			"SOURCE-ADDRESS": seen(P),
			"CHANGED-ADDRESS": seen(S),
			"XOR-MAPPED-ADDRESS-DRAFT": seen(ME),
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
		["RESPONSE-PORT, which is off", request([{ name: "RESPONSE-PORT", value: 99 }]), {}, [0x0027]],
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

	it("obeys RESPONSE-PORT where it is on, but not together with PADDING", () => {
		const attribute: NamedAttribute = { name: "RESPONSE-PORT", value: 99 };
		expect(ask(request([attribute]), { responsePort: true })?.to).toEqual({ ip: ME.ip, port: 99 });
		const both = request([attribute, { name: "PADDING", value: new Uint8Array(8) }]);
		expect(ask(both, { responsePort: true })?.values["ERROR-CODE"]).toMatchObject({ status: 400 });
		const none = request([{ name: "RESPONSE-PORT", value: 0 }]);
		expect(ask(none, { responsePort: true })?.values["ERROR-CODE"]).toMatchObject({ status: 400 });
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

	it("sends at most 132 bytes, the longest being IPv6 with FINGERPRINT", () => {
		const sizes: number[] = [];
		const many = Array.from({ length: 300 }, (_, n) => ({ type: 0x4000 + n, value: new Uint8Array(0) }));
		for (const transactionId of [Buffer.alloc(12), Buffer.alloc(16, 1)]) {
			for (const fingerprint of [false, true]) {
				for (const attributes of [[], [change(true, true)], many]) {
					const data = encodeMessage({ class: "request", transactionId, attributes, fingerprint });
					for (const reply of responder(V6)(data, ME6, V6.primary)) sizes.push(reply.data.length);
				}
			}
		}
		expect(sizes).toHaveLength(12);
		expect(Math.max(...sizes)).toBe(132);
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
	])("does not take the options %j", (options) => {
		expect(() => responder(options)).toThrow(expect.objectContaining({ code: "ERR_STUN_CONFIG" }));
	});
});

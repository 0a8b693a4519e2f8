import { isIPv4 } from "node:net";
import { decode, encode } from "dns-packet";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeQuery, readReply } from "../../src/dns/message.js";
import { v4 } from "../arbitraries.js";

const question = { id: 0x1234, host: "Example.com", af: 4 } as const;
const flags = { qr: 0x8000, tc: 0x0200, rdRa: 0x0180 };

type Answers = NonNullable<Parameters<typeof encode>[0]["answers"]>;

function response(
	answers: Answers,
	extra: number = 0,
	id: number = question.id,
	name = "example.com",
	type: "A" | "AAAA" = "A",
) {
	return encode({ type: "response", id, flags: flags.rdRa | extra, questions: [{ type, name }], answers });
}
const a = (name: string, data: string) => ({ type: "A" as const, name, data, ttl: 60 });
const cname = (name: string, data: string) => ({ type: "CNAME" as const, name, data, ttl: 60 });

describe("encodeQuery", () => {
	it("is RFC 1035's question, byte by byte", () => {
		expect(Buffer.from(encodeQuery({ id: 0x1234, host: "ab.c.", af: 6 })).toString("hex")).toBe(
			// id, recursion desired, one question; 2 "ab" 1 "c" 0; AAAA, IN
			["1234", "0100", "0001", "0000", "0000", "0000", "02", "6162", "01", "63", "00", "001c", "0001"].join(
				"",
			),
		);
	});
});

describe("readReply", () => {
	it("gives all addresses of the name, whatever its case, in their order", () => {
		const reply = readReply(response([a("EXAMPLE.com", "1.2.3.4"), a("example.com", "5.6.7.8")]), question);
		expect(reply).toEqual({ kind: "addresses", addresses: ["1.2.3.4", "5.6.7.8"] });
	});

	it("follows aliases in any order, and ends where they go round", () => {
		const chain = [a("c.net", "1.2.3.4"), cname("b.net", "c.net"), cname("example.com", "B.net")];
		expect(readReply(response(chain), question)).toEqual({ kind: "addresses", addresses: ["1.2.3.4"] });
		const round = [cname("example.com", "b.net"), cname("b.net", "example.com")];
		expect(readReply(response(round), question)).toEqual({ kind: "none", rcode: "NODATA" });
	});

	it("takes no address of another name or type", () => {
		const strangers = [
			a("evil.com", "6.6.6.6"),
			{ type: "AAAA" as const, name: "example.com", data: "2001:db8::1" },
		];
		expect(readReply(response(strangers), question)).toEqual({ kind: "none", rcode: "NODATA" });
	});

	it.each([
		[0, "none", "NODATA"],
		[1, "failed", "FORMERR"],
		[2, "failed", "SERVFAIL"],
		[3, "none", "NXDOMAIN"],
		[5, "failed", "REFUSED"],
	])("takes RCODE %i for %s %s", (code, kind, rcode) => {
		expect(readReply(response([], code), question)).toEqual({ kind, rcode });
	});

	it("takes a refusal without the question", () => {
		const bare = Buffer.from("123480050000000000000000", "hex");
		expect(readReply(bare, question)).toEqual({ kind: "failed", rcode: "REFUSED" });
		// But not an answer without one.
		expect(readReply(Buffer.from("123480000000000000000000", "hex"), question).kind).toBe("not-ours");
	});

	it("sees the truncation before the cut record", () => {
		const whole = response([a("example.com", "1.2.3.4")], flags.tc);
		expect(readReply(whole.subarray(0, whole.length - 3), question)).toEqual({ kind: "truncated" });
	});

	it("passes over what answers another question", () => {
		const answer = [a("example.com", "1.2.3.4")];
		for (const other of [
			response(answer, 0, 0x1235),
			response(answer, 0, question.id, "example.org"),
			response(answer, 0, question.id, "example.com", "AAAA"),
			encodeQuery(question),
			new Uint8Array(11),
		]) {
			expect(readReply(other, question)).toEqual({ kind: "not-ours" });
		}
	});

	it("says malformed for the right id and broken records", () => {
		const whole = response([a("example.com", "1.2.3.4")]);
		expect(readReply(whole.subarray(0, whole.length - 3), question).kind).toBe("malformed");
		// A name that points to itself.
		const loop = Buffer.from("123481800001000100000000c00c00010001", "hex");
		expect(readReply(loop, question).kind).toBe("malformed");
	});

	it.each([
		["one byte short", "000301020304"],
		["one byte long", "00050102030405"],
		["empty", "0000"],
		["an IPv6 address", "001000000000000000000000000000000001"],
	])("takes an A record that is %s for malformed", (_what, lengthAndData) => {
		const whole = response([a("example.com", "1.2.3.4")]);
		const record = Buffer.concat([whole.subarray(0, -6), Buffer.from(lengthAndData, "hex")]);
		expect(readReply(record, question).kind).toBe("malformed");
	});

	it("takes an alias with bytes after its name for malformed", () => {
		const whole = response([cname("example.com", "b.net")]);
		const longer = Buffer.concat([whole, Buffer.from([0])]);
		longer.writeUInt16BE(longer.length - whole.length + 7, whole.length - 9);
		expect(readReply(whole, question)).toEqual({ kind: "none", rcode: "NODATA" });
		expect(readReply(longer, question).kind).toBe("malformed");
	});

	it("does not take a dot inside a label for a border of labels", () => {
		const bytes = response([a("exampleXcom", "6.6.6.6")]);
		const forged = Buffer.from(bytes.toString("latin1").replace("exampleXcom", "example.com"), "latin1");
		expect(readReply(forged, question)).toEqual({ kind: "none", rcode: "NODATA" });
	});

	it("reads what dns-packet writes, and what it writes dns-packet reads", () => {
		const label = fc.stringMatching(/^[a-z0-9_]([a-z0-9-]{0,20}[a-z0-9])?$/);
		const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join("."));
		const ips = fc.array(v4, { maxLength: 30 }).map((list) => list.map(String));
		fc.assert(
			fc.property(
				fc.nat(65_535),
				name,
				ips,
				fc.array(name, { maxLength: 4 }),
				(id, host, addresses, chain) => {
					const asked = { id, host, af: 4 } as const;
					const { questions, flags: sent } = decode(Buffer.from(encodeQuery(asked)));
					expect([questions?.[0], sent]).toEqual([{ name: host, type: "A", class: "IN" }, 0x0100]);
					const names = [...new Set([host, ...chain])];
					const last = names.at(-1) ?? host;
					const aliases = names.slice(1).map((to, i) => cname(names[i] ?? host, to));
					const answers = [...aliases, ...addresses.map((ip) => a(last, ip))];
					const reply = readReply(response(answers, 0, id, host), asked);
					expect(reply).toEqual(
						addresses.length > 0 ? { kind: "addresses", addresses } : { kind: "none", rcode: "NODATA" },
					);
				},
			),
		);
	});

	it("never throws and gives only addresses of the family, whatever the bytes", { timeout: 60_000 }, () => {
		const chain = response([cname("example.com", "b.net"), a("b.net", "1.2.3.4"), a("b.net", "1.2.3.5")]);
		let state = 1;
		const next = (below: number): number => {
			state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
			return (state >>> 8) % below;
		};
		const kinds = new Set<string>();
		for (let i = 0; i < 20_000; i++) {
			const bytes = Buffer.from(chain.subarray(0, 12 + next(chain.length - 11)));
			for (let left = next(4); left > 0; left--) bytes[2 + next(bytes.length - 2)] = next(256);
			const reply = readReply(bytes, question);
			kinds.add(reply.kind);
			// Not an assertion a time: there are 20,000.
			const isBad = reply.kind === "addresses" && !reply.addresses.every((ip) => isIPv4(ip));
			if (isBad) expect.fail(`${bytes.toString("hex")}: ${JSON.stringify(reply)}`);
		}
		expect([...kinds].sort()).toEqual(["addresses", "failed", "malformed", "none", "not-ours", "truncated"]);
	});
});

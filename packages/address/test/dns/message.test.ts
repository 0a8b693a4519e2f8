import { isIPv4 } from "node:net";
import { encode } from "dns-packet";
import { describe, expect, it } from "vitest";
import { encodeQuery, readReply } from "../../src/dns/message.js";

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

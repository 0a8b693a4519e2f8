import { describe, expect, it } from "vitest";
import {
	DEFAULT_STUN_SERVERS,
	parseStunServer,
	parseStunServers,
	StunConfigError,
	stunServerSpec,
	stunServersFromEnv,
} from "../../src/index.js";

describe("a list of servers as text", () => {
	it.each([
		["stun.example.com", { host: "stun.example.com", port: 3478 }],
		["STUN.Example.com:19302", { host: "stun.example.com", port: 19302 }],
		["stun:stun.example.com:3479", { host: "stun.example.com", port: 3479 }],
		["127.0.0.1:5000", { host: "127.0.0.1", port: 5000 }],
		["::1", { host: "::1", port: 3478 }],
		["[2001:DB8::1]:5000", { host: "2001:db8::1", port: 5000 }],
		["[::1]", { host: "::1", port: 3478 }],
		[" localhost:1 ", { host: "localhost", port: 1 }],
	])("reads %s", (text, spec) => {
		expect(parseStunServer(text)).toEqual(spec);
	});

	it.each([
		"",
		"host:",
		"host:0",
		"host:65536",
		"host:12x",
		"host:-1",
		"[::1",
		"[host]:1",
		"1.2.3",
		"1.2.3.4.5:1",
		"256.1.1.1",
		"a b",
		"-a",
		"a..b",
		"http://host",
		"[::1]x",
	])("refuses %j", (text) => {
		expect(() => parseStunServer(text)).toThrow(StunConfigError);
	});

	it("reads several", () => {
		expect(parseStunServers("a:1, b:2\n,c")).toEqual([
			{ host: "a", port: 1 },
			{ host: "b", port: 2 },
			{ host: "c", port: 3478 },
		]);
		expect(() => parseStunServers(" , ")).toThrow(StunConfigError);
		expect(() => parseStunServers("a:1,b:x")).toThrow(StunConfigError);
	});

	it("comes from the environment, if it is there", () => {
		expect(stunServersFromEnv({ P2PD_STUN_SERVERS: "127.0.0.1:99" })).toEqual([
			{ host: "127.0.0.1", port: 99 },
		]);
		expect(stunServersFromEnv({ P2PD_STUN_SERVERS: " " })).toBeUndefined();
		expect(stunServersFromEnv({})).toBeUndefined();
		expect(() => stunServersFromEnv({ P2PD_STUN_SERVERS: "a:x" })).toThrow(/^P2PD_STUN_SERVERS: "a:x": /);
	});
});

describe("the default list", () => {
	it("can be read, names each operator once, and claims no check that has not been made", () => {
		for (const { host, port } of DEFAULT_STUN_SERVERS)
			expect(parseStunServer(`${host}:${port}`)).toEqual({ host, port });
		const operators = DEFAULT_STUN_SERVERS.map(({ operator }) => operator);
		expect(new Set(operators).size).toBe(operators.length);
		for (const { verifiedAt } of DEFAULT_STUN_SERVERS)
			expect(verifiedAt === null || !Number.isNaN(Date.parse(verifiedAt ?? ""))).toBe(true);
	});

	it("has enough servers with two addresses for a NAT test", () => {
		expect(
			DEFAULT_STUN_SERVERS.filter(({ features }) => (features?.length ?? 0) > 0).length,
		).toBeGreaterThanOrEqual(5);
	});
});

describe("URIs of RFC 7064 and other forms", () => {
	it.each([
		["stun:example.org", { host: "example.org", port: 3478 }],
		["stun:example.org:8000", { host: "example.org", port: 8000 }],
		["stuns:example.org", { host: "example.org", port: 5349, transport: "tls" }],
		["STUNS:[2001:db8::1]:443", { host: "2001:db8::1", port: 443, transport: "tls" }],
	])("%s", (text, spec) => {
		expect(parseStunServer(text)).toEqual(spec);
	});

	it.each(["stun:", "stuns:host:0", "stun:host?transport=tcp", "turn:host", "stun:a b"])("not %s", (text) => {
		expect(() => parseStunServer(text)).toThrow(expect.objectContaining({ code: "ERR_STUN_CONFIG" }));
	});

	it("takes { ip, port } and what has more fields, and says which server of a list is wrong", () => {
		expect(stunServerSpec({ ip: "2001:DB8::1", port: 5 })).toEqual({ host: "2001:db8::1", port: 5 });
		expect(() => stunServerSpec(null as unknown as string, "servers[3]")).toThrow(/^servers\[3\] must be/);
		expect(() => stunServerSpec({ host: "a", prot: 3478 } as unknown as string)).toThrow(
			/server.prot is not a known option; did you mean "port"/,
		);
	});
});

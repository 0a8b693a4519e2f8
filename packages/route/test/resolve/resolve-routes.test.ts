import {
	type Observation,
	type ObservedSource,
	type RouteResolution,
	resolveRoutes,
	type SourceAddress,
} from "@p2pd/route";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const nic = { name: "eth0", index: 2, isDefault: () => true };

/** `"8.8.0.0/16"` as the OS lists it. */
const listed = (text: string): SourceAddress => {
	const [ip = "", cidr] = text.split("/");
	return { ip, cidr: cidr === undefined ? (ip.includes(":") ? 128 : 32) : Number(cidr) };
};

/** Resolves addresses whose observations are a table: an address, "self", or an error's text. */
async function resolve(
	af: 4 | 6,
	seen: Readonly<Record<string, string | Observation>>,
	{
		addresses = Object.keys(seen),
		defaultSource,
	}: { addresses?: readonly string[]; defaultSource?: string } = {},
): Promise<RouteResolution & { asked: string[]; text: string[] }> {
	const asked: string[] = [];
	const observe = async ({ ip }: ObservedSource): Promise<Observation> => {
		asked.push(ip);
		const answer = seen[ip] ?? seen[`${ip}/${af === 4 ? 32 : 128}`];
		if (answer === undefined) throw new Error(`${ip} is silent`);
		return typeof answer === "string" ? { ip: answer === "self" ? ip : answer } : answer;
	};
	const resolution = await resolveRoutes({
		af,
		nic,
		addresses: addresses.map(listed),
		observe,
		defaultSource,
	});
	return { ...resolution, asked, text: resolution.pool.routes.map(String) };
}

describe("P2PD's examples", () => {
	const ipv4 = {
		addresses: ["192.168.0.20/24", "193.168.0.0/16", "7.7.7.7/32", "8.8.0.0/16"],
		seen: { "192.168.0.20": "1.3.3.7", "193.168.0.1": "1.3.3.7", "7.7.7.7": "1.3.3.7", "8.8.0.1": "self" },
	};

	it.each([undefined, "192.168.0.20", "7.7.7.7", "8.8.0.1", "8.8.0.77"])(
		"come out in IPv4, whatever the default source is (%s)",
		async (defaultSource) => {
			const { addresses, seen } = ipv4;
			const options = { addresses, ...(defaultSource === undefined ? {} : { defaultSource }) };
			const { text, unverified, pool, asked } = await resolve(4, seen, options);
			expect(text).toEqual([
				"[192.168.0.20/32, 193.168.0.0/16, 7.7.7.7/32] -> [1.3.3.7/32]",
				"[8.8.0.0/16] -> [8.8.0.0/16]",
			]);
			expect(unverified).toEqual([]);
			expect(pool.length).toBe(65536n);
			expect(asked.sort()).toEqual(["192.168.0.20", "193.168.0.1", "7.7.7.7", "8.8.0.1"]);
		},
	);

	it("are drawn with their counts", async () => {
		const { pool } = await resolve(4, ipv4.seen, ipv4);
		expect(String(pool)).toBe(`NIC IPs:
    192.168.0.20/32 (1 IP)
    193.168.0.0/16 (65535 IPs)
    7.7.7.7/32 (1 IP)
    8.8.0.0/16 (65535 IPs)
EXT IPs:
    1.3.3.7/32 (1 IP)
    8.8.0.0/16 (65535 IPs)
Routes:
    [192.168.0.20/32, 193.168.0.0/16, 7.7.7.7/32] -> [1.3.3.7/32]
    [8.8.0.0/16] -> [8.8.0.0/16]`);
	});

	it("come out in IPv6", async () => {
		const addresses = ["2020:DEED:BEEF::0000/128", "2020:DEED:DEED::0000/64", "FE80:DEED:BEEF::0000/128"];
		const { pool, text, linkLocals } = await resolve(
			6,
			{ "2020:deed:beef::": "self", "2020:deed:deed::1": "self" },
			{ addresses },
		);
		expect(text).toEqual([
			"[fe80:deed:beef::/128] -> [2020:deed:beef::/128]",
			"[fe80:deed:beef::/128] -> [2020:deed:deed::/64]",
		]);
		expect(linkLocals.map(String)).toEqual(["fe80:deed:beef::/128"]);
		expect(pool.routes[0]?.linkLocals).toEqual(linkLocals);
		expect(String(pool)).toContain("    2020:deed:deed::/64 (global scope) (a lot of IPs)\n");
		expect(String(pool)).toContain("    fe80:deed:beef::/128 (link-local) (1 IP)\n");
	});
});

describe("IPv4", () => {
	it("groups private addresses by what they are seen as", async () => {
		const { text } = await resolve(4, {
			"192.168.0.20": "1.3.3.7",
			"10.0.0.5": "1.3.3.7",
			"10.0.0.6": "5.5.5.5",
		});
		expect(text).toEqual(["[192.168.0.20/32, 10.0.0.5/32] -> [1.3.3.7/32]", "[10.0.0.6/32] -> [5.5.5.5/32]"]);
	});

	it("keeps every public address that is seen as itself, the default source too", async () => {
		const { text } = await resolve(4, { "9.9.9.9": "self", "1.3.3.7": "self" }, { defaultSource: "9.9.9.9" });
		expect(text).toEqual(["[1.3.3.7/32] -> [1.3.3.7/32]", "[9.9.9.9/32] -> [9.9.9.9/32]"]);
	});

	it("keeps an address that is seen as itself apart from one that is seen as it", async () => {
		const { text } = await resolve(4, { "192.168.0.20": "1.3.3.7", "1.3.3.7": "self" });
		expect(text).toEqual(["[1.3.3.7/32] -> [1.3.3.7/32]", "[192.168.0.20/32] -> [1.3.3.7/32]"]);
	});

	it("counts a default source that the OS did not list as an address of the NIC", async () => {
		const { text } = await resolve(
			4,
			{ "10.0.0.5": "1.3.3.7", "10.0.0.9": "1.3.3.7" },
			{ addresses: ["10.0.0.5/24"], defaultSource: "10.0.0.9" },
		);
		expect(text).toEqual(["[10.0.0.5/32, 10.0.0.9/32] -> [1.3.3.7/32]"]);
	});

	it("binds the default source of a group, though it is not the first", async () => {
		const { pool } = await resolve(
			4,
			{ "10.0.0.5": "1.3.3.7", "10.0.0.9": "1.3.3.7" },
			{ defaultSource: "10.0.0.9" },
		);
		expect(pool.routes[0]?.source).toBe("10.0.0.9");
	});

	it("has an address with host bits as one address, and an address twice as once", async () => {
		const { text, asked } = await resolve(
			4,
			{ "203.0.114.7": "self" },
			{ addresses: ["203.0.114.7/24", "203.0.114.7/32"] },
		);
		expect([text, asked]).toEqual([["[203.0.114.7/32] -> [203.0.114.7/32]"], ["203.0.114.7"]]);
	});

	it("has an address inside of a block that is seen as itself in the block's route", async () => {
		const { text } = await resolve(
			4,
			{ "8.8.0.1": "self", "8.8.4.4": "self" },
			{ addresses: ["8.8.4.4/32", "8.8.0.0/16"] },
		);
		expect(text).toEqual(["[8.8.0.0/16] -> [8.8.0.0/16]"]);
	});

	it("has a block whose first host is silent as the one address that was seen", async () => {
		const options = { addresses: ["8.8.0.0/16"], defaultSource: "8.8.0.77" };
		const one = await resolve(4, { "8.8.0.77": "self" }, options);
		expect([one.text, one.asked]).toEqual([["[8.8.0.77/32] -> [8.8.0.77/32]"], ["8.8.0.1", "8.8.0.77"]]);
		const none = await resolve(4, {}, options);
		expect(none.asked).toEqual(["8.8.0.1", "8.8.0.77", "8.8.0.0"]);
		expect(none.unverified[0]?.attempts.map(({ reason }) => reason)).toEqual(
			none.asked.map((ip) => `${ip} is silent`),
		);
	});

	it("has the one address of such a block once, though the NIC has it by itself too", async () => {
		const options = { addresses: ["8.8.0.0/16", "8.8.0.77/32"], defaultSource: "8.8.0.77" };
		const { text } = await resolve(4, { "8.8.0.77": "1.3.3.7" }, options);
		expect(text).toEqual(["[8.8.0.77/32] -> [1.3.3.7/32]"]);
	});

	it("tells a route that one server alone saw", async () => {
		const single = { ip: "1.3.3.7", singleServer: true };
		const { pool } = await resolve(4, { "10.0.0.5": single, "10.0.0.6": "5.5.5.5" });
		expect(pool.routes.map((route) => route.singleServer)).toEqual([true, false]);
	});
});

describe("IPv6", () => {
	it("groups NAT66 and NPTv6 as IPv4 does", async () => {
		const { text, pool } = await resolve(
			6,
			{ "fd00::20": "2001:4860::9", "fd00::21": "2001:4860::9", "2001:4860:1::5": "self" },
			{ addresses: ["fd00::20/64", "fd00::21/64", "2001:4860:1::5/64", "fe80::1%eth0/64"] },
		);
		expect(text).toEqual([
			"[fd00::20/128, fd00::21/128] -> [2001:4860::9/128]",
			"[fe80::1/128] -> [2001:4860:1::5/128]",
		]);
		expect(pool.routes.map((route) => route.linkLocals.map(String))).toEqual([
			["fe80::1%eth0/128"],
			["fe80::1%eth0/128"],
		]);
	});

	it("has a global address as its own NIC side where there is no link-local", async () => {
		const { text } = await resolve(6, { "2001:4860:1::5": "self" });
		expect(text).toEqual(["[2001:4860:1::5/128] -> [2001:4860:1::5/128]"]);
	});

	it("makes one unverified route of link-locals without other addresses, and observes nothing", async () => {
		const { pool, linkLocals, asked } = await resolve(6, {}, { addresses: ["fe80::1/64", "fe80::2/64"] });
		expect(pool.routes.map(String)).toEqual(["[fe80::1/128, fe80::2/128] -> []"]);
		expect(pool.routes[0]).toMatchObject({
			isVerified: false,
			reason: "a link-local address is not seen outside its link",
		});
		expect([linkLocals.map(String), asked]).toEqual([["fe80::1/128", "fe80::2/128"], []]);
	});

	it("reports a unique-local address that no server sees, and keeps it last", async () => {
		const { text, unverified } = await resolve(
			6,
			{ "2001:4860:1::5": "self" },
			{ addresses: ["fd00::20/64", "2001:4860:1::5/64"] },
		);
		expect(text).toEqual(["[2001:4860:1::5/128] -> [2001:4860:1::5/128]", "[fd00::20/128] -> []"]);
		expect(unverified).toMatchObject([{ reason: "fd00::20 is silent" }]);
	});
});

describe("what could not be verified", () => {
	it("is reported with the reason, has a route of its own, and makes no address", async () => {
		const { pool, unverified, text } = await resolve(4, {
			"10.0.0.5": { ip: null, reason: "two servers disagree", evidence: ["1.1.1.1", "2.2.2.2"] },
			"10.0.0.6": { ip: null },
		});
		expect(text).toEqual(["[10.0.0.5/32, 10.0.0.6/32] -> []"]);
		expect(pool.length).toBe(0n);
		expect(pool.routes[0]?.reason).toBe(
			"10.0.0.5/32: two servers disagree; 10.0.0.6/32: no external address was observed",
		);
		expect(unverified[0]?.attempts).toEqual([
			{ ip: "10.0.0.5", reason: "two servers disagree", evidence: ["1.1.1.1", "2.2.2.2"] },
		]);
	});

	it.each([
		["10.1.1.1", "is not public"],
		["100.64.0.1", "is not public"],
		["127.0.0.1", "cannot be an external address"],
		["0.0.0.0", "cannot be an external address"],
		["224.0.0.1", "cannot be an external address"],
		["2001:4860::9", "is not an IPv4 address"],
		["gibberish", "is not an IP address"],
		["1.2.3", "is not an IP address"],
	])("is what an observer says and cannot be: %s", async (ip, reason) => {
		const { unverified, pool } = await resolve(4, { "10.0.0.5": ip });
		expect(unverified[0]?.reason).toContain(reason);
		expect(pool.length).toBe(0n);
	});

	it("accepts an address that is not public if the observer vouches for it", async () => {
		const { text, pool } = await resolve(4, { "10.0.0.5": { ip: "100.64.0.9", nonPublic: true } });
		expect(text).toEqual(["[10.0.0.5/32] -> [100.64.0.9/32]"]);
		expect(pool.routes[0]?.isPublic).toBe(false);
	});
});

describe("resolution", () => {
	const slow = (running: { now: number; most: number }) => async (): Promise<Observation> => {
		running.most = Math.max(running.most, ++running.now);
		await Promise.resolve();
		running.now--;
		return { ip: "1.3.3.7" };
	};

	it("observes as many addresses at once as the option says", async () => {
		const addresses = Array.from({ length: 20 }, (_, i) => ({ ip: `10.0.0.${i + 1}`, cidr: 32 }));
		const running = { now: 0, most: 0 };
		await resolveRoutes({ af: 4, nic, addresses, observe: slow(running), concurrency: 3 });
		expect(running.most).toBe(3);
	});

	it("ends with the signal's reason, and begins nothing more", async () => {
		const stop = new AbortController();
		const asked: string[] = [];
		const observe = async ({ ip }: ObservedSource): Promise<Observation> => {
			asked.push(ip);
			stop.abort(new Error("enough"));
			throw new Error("cut off");
		};
		const addresses = [1, 2, 3].map((i) => ({ ip: `10.0.0.${i}`, cidr: 32 }));
		const resolving = resolveRoutes({ af: 4, nic, addresses, observe, signal: stop.signal, concurrency: 1 });
		await expect(resolving).rejects.toThrow("enough");
		expect(asked).toEqual(["10.0.0.1"]);
	});

	it.each([
		[{ addresses: [{ ip: "::1", cidr: 128 }] }, "ERR_ROUTE_FAMILY"],
		[{ addresses: [{ ip: "meow", cidr: 32 }] }, "ERR_ROUTE_VALUE"],
		[{ addresses: [{ ip: "10.0.0.1", cidr: 33 }] }, "ERR_ROUTE_VALUE"],
		[{ defaultSource: "::1" }, "ERR_ROUTE_FAMILY"],
		[{ defaultSource: "meow" }, "ERR_ROUTE_VALUE"],
		[{ concurrency: 0 }, "ERR_ROUTE_VALUE"],
	])("refuses %o", async (wrong, code) => {
		const observe = async (): Promise<Observation> => ({ ip: null });
		await expect(resolveRoutes({ af: 4, nic, addresses: [], observe, ...wrong })).rejects.toMatchObject({
			code,
		});
	});

	it("loses no address and invents none, whatever is observed", async () => {
		const host = fc.integer({ min: 1, max: 30 }).map((i) => `10.0.0.${i}`);
		const seen = fc.option(fc.constantFrom("1.3.3.7", "1.3.3.8", "self", "10.9.9.9", "junk"), { nil: null });
		const table = fc.uniqueArray(fc.tuple(host, seen), { selector: ([ip]) => ip, maxLength: 12 });
		await fc.assert(
			fc.asyncProperty(table, async (rows) => {
				const answers = Object.fromEntries(
					rows.map(([ip, answer]) => [
						ip,
						{ ip: answer === "self" ? ip : answer, nonPublic: answer === "self" },
					]),
				);
				const { pool, unverified } = await resolve(4, answers);
				const onRoutes = pool.routes.flatMap((route) => route.nicIps.map(({ ip }) => ip));
				expect(onRoutes.sort()).toEqual(rows.map(([ip]) => ip).sort());
				const believed = rows.filter(([, answer]) => answer === "self" || answer?.startsWith("1."));
				expect(unverified).toHaveLength(rows.length - believed.length);
				const wanted = new Set(believed.map(([ip, answer]) => (answer === "self" ? ip : answer)));
				expect(new Set([...pool].map((route) => route.extIp))).toEqual(wanted);
				const order = pool.routes
					.filter((route) => route.isVerified)
					.map((route) => route.extIps[0]?.first.toBigInt() ?? 0n);
				expect(order).toEqual([...order].sort((a, b) => (a < b ? -1 : 1)));
			}),
		);
	});
});

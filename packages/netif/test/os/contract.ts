import { isIP } from "node:net";
import { FAMILIES } from "@p2pd/net";
import { describe, expect, it } from "vitest";
import type { NicSnapshot } from "../../src/os.js";

/** What holds for every snapshot of every platform, whole or poor. */
export function describeSnapshotContract(title: string, take: () => Promise<NicSnapshot>): void {
	describe(`snapshot contract: ${title}`, () => {
		it("is the same JSON after a round trip, and the same again", async () => {
			const first = await take();
			expect(JSON.parse(JSON.stringify(first))).toEqual(first);
			expect(await take()).toEqual(first);
		});

		it("has a NIC, each with a name and an index of its own, in order of the index", async () => {
			const { nics } = await take();
			expect(nics.length).toBeGreaterThan(0);
			expect(new Set(nics.map(({ name }) => name)).size).toBe(nics.length);
			const indexes = nics.map(({ index }) => index).filter((index) => index !== null);
			expect(new Set(indexes).size).toBe(indexes.length);
			expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
			for (const { name, displayName } of nics) expect(name && displayName).not.toBe("");
		});

		it("has addresses in canonical text with a prefix that fits, a zone exactly on IPv6 link-local ones", async () => {
			for (const nic of (await take()).nics) {
				for (const { af, ip, cidr, scope } of nic.addresses) {
					expect(isIP(ip)).toBe(af);
					expect(ip).toBe(ip.replace(/^[^%]*/, (text) => text.toLowerCase()));
					expect(ip.includes("%")).toBe(af === 6 && scope === "link");
					if (cidr !== null) expect(cidr >= 0 && cidr <= (af === 4 ? 32 : 128)).toBe(true);
				}
			}
		});

		it("has MACs in one form, and MTUs that are sizes", async () => {
			for (const { mac, mtu } of (await take()).nics) {
				if (mac !== null) expect(mac).toMatch(/^[0-9a-f]{2}(:[0-9a-f]{2})+$/);
				if (mtu !== null) expect(mtu).toBeGreaterThan(0);
			}
		});

		it("has gateways of their family, the cheapest first, and routes that are unicast", async () => {
			for (const nic of (await take()).nics) {
				for (const af of FAMILIES) {
					const gateways = nic.gateways[af];
					for (const { ip } of gateways) if (ip !== null) expect(isIP(ip)).toBe(af);
					const metrics = gateways.map(({ metric }) => metric ?? 0);
					expect(metrics).toEqual([...metrics].sort((a, b) => a - b));
				}
				for (const { af, destination, cidr } of nic.routes) {
					expect(isIP(destination)).toBe(af);
					expect(cidr).toBeLessThanOrEqual(af === 4 ? 32 : 128);
					expect(destination).not.toMatch(/^(22[4-9]|23\d|ff)/);
				}
			}
		});

		it("has at most one default NIC a family, an existing one with an address of the family", async () => {
			const { nics, defaults } = await take();
			for (const af of FAMILIES) {
				const marked = nics.filter((nic) => nic.isDefault[af]).map(({ name }) => name);
				expect(marked).toEqual(defaults[af] ? [defaults[af].name] : []);
				const owner = nics.find(({ name }) => name === defaults[af]?.name);
				if (owner) expect(owner.addresses.some((address) => address.af === af)).toBe(true);
			}
		});

		it("names the reason wherever a fact is not known", async () => {
			const { nics, routesKnown, missing } = await take();
			for (const { fact, reason } of missing) expect(fact && reason).not.toBe("");
			const reasons = (name: string, word: string): boolean =>
				missing.some(({ nic, fact }) => (nic === null || nic === name) && fact.includes(word));
			if (!routesKnown[4] || !routesKnown[6]) expect(reasons("", "routes")).toBe(true);
			for (const nic of nics) {
				if (nic.kindFrom === "name" && nic.up === null) expect(reasons(nic.name, "kind")).toBe(true);
				if (!nic.addressesKnown[4]) expect(reasons(nic.name, "addresses")).toBe(true);
			}
		});
	});
}

import { afterAll, beforeAll, expect, it } from "vitest";
import {
	buildNetwork,
	DEPENDENCES,
	type GatewaySpec,
	LINUX_FULLY_RANDOM,
	LINUX_MASQUERADE,
	type MemoryNetwork,
} from "../../src/index.js";
import { buildLab, describeLab, type Lab } from "../../src/lab/index.js";
import {
	CONE,
	type Household,
	neighbourhood,
	PEER4,
	SYMMETRIC,
	scenario,
	startPeer,
} from "../lab/nat-lab.js";
import { observeNat } from "../lab/scenarios/observe-nat.js";
import { reflector } from "../lab/scenarios/reflector.js";

/*
 * One description, one scenario, both halves: the kernel and the in-memory network have to agree. Only what
 * both can build is here; the prefix translation of the kernel adjusts no checksum, so its addresses differ.
 */

const household = (name: string, ipv4: GatewaySpec): Household => ({ name, gateway: { ipv4 } });

const households: readonly Household[] = [
	...DEPENDENCES.flatMap((filtering, i) => [
		household(`cone-${filtering}`, { ...CONE, filtering }),
		household(`one-to-one-${filtering}`, { kind: "one-to-one", filtering }),
		{
			...household(`firewall-${filtering}`, { kind: "firewall", filtering }),
			gateway: { ipv4: { kind: "firewall", filtering } as const, inside: [`185.12.${64 + i}.1/24`] },
			address: `185.12.${64 + i}.20/24`,
		},
	]),
	household("symmetric", SYMMETRIC),
];
const topology = neighbourhood(households);

function inMemory(): MemoryNetwork {
	// The kernel half's own additions are not used here, so its description is a plain one.
	const network = buildNetwork(topology as Parameters<typeof buildNetwork>[0]);
	network.host("peer").serve(PEER4, reflector);
	return network;
}

const observeInMemory = (network: MemoryNetwork, name: string): Promise<unknown> =>
	network.clock.runUntil(observeNat(network.host(name).sockets(4), PEER4));

describeLab("one scenario in both halves", () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await buildLab(topology);
		await startPeer(lab);
	}, 60_000);
	afterAll(() => lab.close());

	it.each(households)("$name", async ({ name }) => {
		const kernel = await lab.run(name, scenario("observe"), { ip: "0.0.0.0", endpoints: PEER4 });
		expect(await observeInMemory(inMemory(), name)).toEqual(kernel);
	});

	// How masquerade works inside is not how it looks: the presets model the former.
	it.each([
		["cone-address-and-port-dependent", LINUX_MASQUERADE],
		["symmetric", LINUX_FULLY_RANDOM],
	])("the preset that models the kernel's %s", async (name, { spec }) => {
		const kernel = await lab.run(name, scenario("observe"), { ip: "0.0.0.0", endpoints: PEER4 });
		const gateways = topology.gateways.map((gateway) =>
			gateway.name === `${name}-router` ? { ...gateway, ipv4: spec } : gateway,
		);
		const network = buildNetwork({ ...topology, gateways } as Parameters<typeof buildNetwork>[0]);
		network.host("peer").serve(PEER4, reflector);
		expect(await observeInMemory(network, name)).toEqual(kernel);
	});
});

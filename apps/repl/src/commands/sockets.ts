import { type Family, initP2pd, kernelRoute, type SocketFactory, sourceRoute } from "@p2pd/core";
import type { Context } from "../context.js";
import { CommandError, UsageError } from "../errors.js";

/**
 * Sockets for a command that asks no STUN server first: those of the NIC of `--nic`, else the kernel's choice.
 *
 * @throws CommandError where the NIC has no address of that family; UsageError where there is no such NIC
 */
export async function socketsFor({ options, signal }: Context, af: Family): Promise<SocketFactory> {
	const { nic: name } = options;
	if (name === undefined) return kernelRoute(af);
	const netifaces = await initP2pd({ signal });
	const info = netifaces.get(name);
	if (info === undefined) {
		throw new UsageError(`there is no NIC called "${name}"`, { hint: "p2pd list shows the NICs there are" });
	}
	const usable = info.addresses.filter((address) => address.af === af && address.tentative !== true);
	const address = usable.find(({ scope }) => scope !== "link") ?? usable[0];
	if (address === undefined) throw new CommandError(`${name} has no IPv${af} address`);
	const nic = { name, index: info.index, isDefault: (family: Family) => info.isDefault[family] };
	return sourceRoute({ af, nic, ip: address.ip });
}

import {
	type Family,
	initP2pd,
	kernelRoute,
	NetifError,
	type NicInfo,
	type SocketFactory,
	sourceRoute,
} from "@p2pd/core";
import type { Context } from "../context.js";
import { CommandError } from "../errors.js";

/**
 * Sockets for a command that asks no STUN server first: those of the NIC of `--nic`, else the kernel's choice.
 *
 * @throws CommandError where there is no such NIC, or it has no address of that family
 */
export async function socketsFor({ options, signal }: Context, af: Family): Promise<SocketFactory> {
	const { nic: name } = options;
	if (name === undefined) return kernelRoute(af);
	const netifaces = await initP2pd({ signal });
	return socketsOf(findNic(netifaces, name), af);
}

/** A NIC by its name. @throws CommandError where there is none */
export function findNic(netifaces: { get(name: string): NicInfo }, name: string): NicInfo {
	try {
		return netifaces.get(name);
	} catch (error) {
		if (!(error instanceof NetifError)) throw error;
		throw new CommandError(error.message, { cause: error, hint: "p2pd list shows the NICs there are" });
	}
}

/** Sockets of a NIC's first address of a family. @throws CommandError where it has none */
export function socketsOf(info: NicInfo, af: Family): SocketFactory {
	const usable = info.addresses.filter((address) => address.af === af && address.tentative !== true);
	const address = usable.find(({ scope }) => scope !== "link") ?? usable[0];
	if (address === undefined) throw new CommandError(`${info.name} has no IPv${af} address`);
	const nic = { name: info.name, index: info.index, isDefault: (family: Family) => info.isDefault[family] };
	return sourceRoute({ af, nic, ip: address.ip });
}

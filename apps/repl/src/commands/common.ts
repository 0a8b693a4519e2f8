import {
	Address,
	type Family,
	Interface,
	initP2pd,
	kernelRoute,
	NetifError,
	type NicInfo,
	parseTarget,
	type SocketFactory,
	sourceRoute,
	watchInterfaces,
} from "@p2pd/core";
import type { Context } from "../context.js";
import { CommandError, EXIT, errorLine, UsageError } from "../errors.js";

/**
 * Reads a command's target and looks it up.
 *
 * @param defaultPort the port where the target has none
 * @throws UsageError where it cannot be read; CommandError where it has no address
 */
export async function resolveTarget(
	context: Context,
	target: string,
	defaultPort: number,
	servers?: readonly string[],
): Promise<Address> {
	const { options, progress, signal } = context;
	let host: string;
	let port: number;
	try {
		const read = parseTarget(target, { defaultPort });
		host = read.host;
		port = read.port;
	} catch (error) {
		throw new UsageError(errorLine(error), { cause: error });
	}
	const address = new Address(host, port, servers === undefined ? {} : { servers });
	const needsRoute = options.nic !== undefined || options.family !== undefined;
	try {
		const route = needsRoute ? await socketsFor(context, options.family ?? 4) : null;
		return await progress.during(`looking up ${host}`, () =>
			address.res(route, { signal, timeout: context.timeLeft() }),
		);
	} catch (error) {
		signal.throwIfAborted();
		if (error instanceof CommandError) throw error;
		throw new CommandError(errorLine(error), { cause: error });
	}
}

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

/** How a command wants its interface. */
interface Wanted {
	/** The NIC's name as a command's argument; else the option `--nic`, else the default NIC. */
	readonly name: string | undefined;
	/** Ask what kind of NAT there is. */
	readonly nat: boolean;
}

/**
 * Starts the interface that a command is about, and loads its NAT where it wants that.
 *
 * @throws CommandError where there is no such NIC, or none at all
 */
export async function startedInterface(
	{ options, progress, signal, timeLeft }: Context,
	{ name, nat }: Wanted,
): Promise<Interface> {
	const wanted = name ?? options.nic ?? options.family;
	const nic = new Interface(wanted, {
		...(options.stun === undefined ? {} : { stunServers: options.stun }),
		...(options.family === undefined ? {} : { families: [options.family] }),
	});
	try {
		await progress.during(
			`asking STUN servers which addresses ${wanted ?? "the default NIC"} has outside`,
			() => nic.start({ signal, timeout: timeLeft() }),
		);
		if (nat) {
			await progress.during(`asking STUN servers what kind of NAT ${nic.name} is behind`, () =>
				nic.loadNat({ signal, timeout: timeLeft() }),
			);
		}
		return nic;
	} catch (error) {
		nic.close();
		if (error instanceof NetifError && !signal.aborted) {
			throw new CommandError(error.message, { cause: error, hint: "p2pd list shows the NICs there are" });
		}
		throw error;
	}
}

/**
 * Looks at an interface again whenever its network changes, until Ctrl-C.
 *
 * @param again called after each change
 * @returns the exit code of an interrupted command
 */
export async function whenNetworkChanges(
	{ out, progress, signal, options }: Context,
	nic: Interface,
	{ nat }: { readonly nat: boolean },
	again: () => Promise<void>,
): Promise<number> {
	out.message("watching for changes; Ctrl-C ends it.");
	try {
		for await (const event of watchInterfaces({ signal })) {
			const concerns = event.cause === "wake" || event.changes.some((change) => change.nic === nic.name);
			if (!concerns) continue;
			try {
				await progress.during(`the network changed: asking again for ${nic.name}`, async () => {
					await nic.refresh({ event, signal, timeout: options.timeout });
					if (nat) await nic.loadNat({ signal, timeout: options.timeout });
				});
				await again();
			} catch (error) {
				signal.throwIfAborted();
				// The NIC may be gone or without a route for now; the next change is looked at all the same.
				out.warn(`${nic.name}: ${errorLine(error)}`);
			}
		}
	} catch (error) {
		if (!signal.aborted) throw error;
	}
	return EXIT.interrupted;
}

/** The exit code of a command whose answer is an interface: whether an external address was found. */
export function exitCodeOf(nic: Interface): number {
	const verified = nic.supported().some((af) => nic.routes(af).routes.some((route) => route.isVerified));
	return verified ? EXIT.ok : EXIT.failed;
}

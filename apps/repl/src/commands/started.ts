import { Interface, NetifError } from "@p2pd/core";
import type { Context } from "../context.js";
import { CommandError, EXIT } from "../errors.js";

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

/** The exit code of a command whose answer is an interface: whether an external address was found. */
export function exitCodeOf(nic: Interface): number {
	const verified = nic.supported().some((af) => nic.routes(af).routes.some((route) => route.isVerified));
	return verified ? EXIT.ok : EXIT.failed;
}

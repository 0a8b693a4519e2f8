import { abortable } from "@p2pd/net";

/**
 * Lets one birthday punch of a kind go on at a time: hundreds of sockets or guesses fill a router's connection table.
 * Both ends of one birthday punch may run in the same process, so each kind of side waits for its own kind only.
 */
export class BirthdayGate {
	readonly #last = new Map<"sockets" | "scan", Promise<void>>();

	/**
	 * Waits for its turn.
	 *
	 * @returns what ends the turn; calling it again does nothing
	 * @throws the signal's reason
	 */
	async enter(side: "sockets" | "scan", signal: AbortSignal): Promise<() => void> {
		const before = this.#last.get(side) ?? Promise.resolve();
		let leave = (): void => undefined;
		const turn = new Promise<void>((resolve) => {
			leave = resolve;
		});
		this.#last.set(
			side,
			before.then(() => turn),
		);
		try {
			await abortable(before, signal);
		} catch (error) {
			leave();
			throw error;
		}
		return leave;
	}
}

/** The gate of this process. */
export const processGate = new BirthdayGate();

import type { SocketName } from "./types.js";

type State =
	| { readonly kind: "opening" }
	| { readonly kind: "open"; readonly port: number }
	| { readonly kind: "failed"; readonly reason: string };

/** Which sockets were asked for, and what came of it. */
export class SocketsTable {
	readonly #states = new Map<SocketName, State>();

	has(socket: SocketName): boolean {
		return this.#states.has(socket);
	}

	asked(socket: SocketName): void {
		this.#states.set(socket, { kind: "opening" });
	}

	opened(socket: SocketName, port: number): void {
		this.#states.set(socket, { kind: "open", port });
	}

	failed(socket: SocketName, reason: string): void {
		this.#states.set(socket, { kind: "failed", reason });
	}

	port(socket: SocketName): number | null {
		const state = this.#states.get(socket);
		return state?.kind === "open" ? state.port : null;
	}

	failure(socket: SocketName): string | null {
		const state = this.#states.get(socket);
		return state?.kind === "failed" ? state.reason : null;
	}

	isOpening(socket: SocketName): boolean {
		return this.#states.get(socket)?.kind === "opening";
	}
}

import { inspect } from "node:util";
import { FAMILIES, type Family } from "@p2pd/address";
import type { NatReport } from "@p2pd/nat";
import type { NicRef } from "@p2pd/net";
import type { Route, RoutePool } from "@p2pd/route";
import { checkTimeout } from "./check-timeout.js";
import { checkFamily, type InterfaceSelector } from "./choose-nic.js";
import { NAT_TIMEOUT } from "./defaults.js";
import { ClosedError, NotStartedError, UnsupportedFamilyError } from "./errors.js";
import { systemInterfaceDeps } from "./interface-deps.js";
import { emptyState, type InterfaceState, natFamily, natOf, whyNoRoute } from "./interface-state.js";
import { readInterface, readNat, writeInterface } from "./json/interface-json.js";
import { testNats } from "./nat/test-nat.js";
import { listInterfaceNames } from "./os/names.js";
import type { NicInfo, OsDeps, PerFamily } from "./os/types.js";
import { stunServersFor } from "./start/servers.js";
import { Starter } from "./start/starter.js";
import type {
	CallOptions,
	InterfaceDeps,
	InterfaceJson,
	InterfaceOptions,
	NatJson,
	RefreshOptions,
} from "./types.js";
import { concerns } from "./watch/concerns.js";

/**
 * A network interface: its addresses, the external addresses behind them, the routes between the two, and the NAT
 * in the way. P2PD's starting object.
 */
export class Interface implements NicRef {
	readonly #selector: InterfaceSelector;
	readonly #options: InterfaceOptions;
	readonly #deps: InterfaceDeps;
	readonly #starter: Starter;
	#state: InterfaceState;
	#natReports: PerFamily<NatReport | null> = { 4: null, 6: null };
	#started = false;
	readonly #closed = new AbortController();

	/**
	 * @param selector a name (also Windows' adapter description or GUID), a family for its default NIC, or nothing
	 *   for the default NIC. It is looked for by `start()`.
	 * @param options what the user may tune
	 * @param deps what the environment supplies
	 * @throws InvalidFamilyError (ERR_NETIF_INVALID_FAMILY) for a number other than 4 and 6
	 */
	constructor(
		selector?: InterfaceSelector,
		options: InterfaceOptions = {},
		deps: Partial<InterfaceDeps> = {},
	) {
		if (typeof selector === "number") checkFamily(selector);
		this.#selector = selector;
		this.#options = options;
		this.#deps = { ...systemInterfaceDeps, ...deps };
		this.#state = emptyState(typeof selector === "string" ? selector : "");
		this.#starter = new Starter({
			nic: this,
			options,
			deps: this.#deps,
			learn: (state) => {
				this.#state = { ...this.#state, ...state };
			},
		});
	}

	/** The names of all NICs, at once, whether they are of use or not. Needs no `initP2pd()`. */
	static list(deps: Partial<OsDeps> = {}): string[] {
		return listInterfaceNames(deps);
	}

	/**
	 * An interface out of its dictionary, ours or P2PD's own. It counts as started; its routes can be bound where the
	 * NIC is there.
	 *
	 * @throws InvalidJsonError (ERR_NETIF_INVALID_JSON) with the path of what is wrong
	 */
	static fromJSON(
		json: unknown,
		options: InterfaceOptions = {},
		deps: Partial<InterfaceDeps> = {},
	): Interface {
		const made = new Interface(null, options, deps);
		made.#state = readInterface(json, made);
		made.#started = true;
		return made;
	}

	/** The OS's name for the NIC; empty before `start()` where the default one is asked for. */
	get name(): string {
		return this.#state.name;
	}

	/** The OS's number for the NIC, where it is known. */
	get index(): number | null {
		return this.#state.index;
	}

	/** What stands after the `%` of this NIC's link-local addresses: its number on Windows, its name elsewhere. */
	get scopeId(): string {
		return this.#state.nicNo === 0 ? this.name : `${this.#state.nicNo}`;
	}

	/** The hardware address in lower case with colons, where there is one. */
	get mac(): string | null {
		return this.#state.mac;
	}

	/** Everything that the OS said of the NIC at the last start; `null` before, and for one out of a dictionary. */
	get info(): NicInfo | null {
		return this.#starter.seen?.info ?? null;
	}

	/** Whether `start()` has finished. */
	get isStarted(): boolean {
		return this.#started;
	}

	/** The NAT of the first route of IPv4 if there is one, else of IPv6: P2PD's assumption until `loadNat()`. */
	get nat(): NatJson {
		return natOf(this.#state);
	}

	/** The reports of the last `loadNat()`, with their evidence; `null` where no test was made. */
	get natReports(): PerFamily<NatReport | null> {
		return this.#natReports;
	}

	/** Why a family has no verified route; `null` where it has one. */
	get reasons(): PerFamily<string | null> {
		return this.#state.reasons;
	}

	/**
	 * Looks the NIC up, finds its external addresses and builds its routes, of both families at once. Only STUN
	 * servers are contacted. A NIC without a way out has unverified routes and {@link reasons}. A second call waits
	 * for the first, or finds it done; {@link refresh} looks again.
	 *
	 * @throws InterfaceNotFoundError, NoDefaultInterfaceError, StartTimeoutError, ClosedError, StunConfigError for a
	 *   server that is none, InvalidTimeoutError, or the signal's reason
	 */
	async start(call: CallOptions = {}): Promise<this> {
		this.#checkOpen();
		call.signal?.throwIfAborted();
		if (!this.#started) await this.#starter.start(this.#selector, this.#limits(call));
		this.#started = true;
		return this;
	}

	/**
	 * Looks at this NIC again, as `start()` does; the NAT's verdict stays, and the NIC stays the same even if another
	 * one is the default now. With an event of `watchInterfaces()` its look is used, and nothing is done (nor
	 * sent) where it does not concern this NIC. Throws as `start()`.
	 */
	async refresh(call: RefreshOptions = {}): Promise<this> {
		this.#checkOpen();
		const { event } = call;
		if (event && this.#started && !concerns(event, this.name)) return this;
		await this.#starter.again(this.#started ? this.name : this.#selector, event, this.#limits(call));
		this.#started = true;
		return this;
	}

	/**
	 * Finds out what the NAT does, for the first route of each family, and gives the verdict of {@link nat}. What
	 * could not be found out is P2PD's assumption, marked `assumed`, with the reason; it is no failure.
	 *
	 * @throws NotStartedError, ClosedError, StunConfigError, InvalidTimeoutError, or the signal's reason
	 */
	async loadNat(call: CallOptions = {}): Promise<NatJson> {
		this.#checkOpen();
		this.#checkStarted("the NAT");
		const servers = stunServersFor(this.#options.stunServers, this.#deps.env);
		const timeout = checkTimeout(call.timeout ?? this.#options.natTimeout ?? NAT_TIMEOUT);
		const limits = { timeout, signal: this.#joined(call.signal), clock: this.#deps.clock };
		const setting = {
			info: this.info,
			servers,
			routesKnown: this.#starter.seen?.snapshot.routesKnown ?? { 4: false, 6: false },
			options: this.#options,
			deps: this.#deps,
		};
		const found = await testNats(setting, this.#state.pools, this.#natReports, limits);
		this.#state = { ...this.#state, nat: { 4: found[4].nat, 6: found[6].nat } };
		this.#natReports = { 4: found[4].report, 6: found[6].report };
		return this.nat;
	}

	/**
	 * Takes a NAT's verdict from elsewhere (a file, an earlier run) for a family's, by default the one that
	 * {@link nat} stands for. `loadNat()` overwrites it.
	 *
	 * @param nat `type` and `delta`; the texts follow from them
	 * @throws InvalidJsonError (ERR_NETIF_INVALID_JSON) with the path, InvalidFamilyError
	 */
	setNat(nat: Pick<NatJson, "type" | "delta">, af: Family = natFamily(this.#state.pools)): NatJson {
		const read = readNat(nat, "nat");
		this.#state = { ...this.#state, nat: { ...this.#state.nat, [checkFamily(af)]: read } };
		return read;
	}

	/**
	 * The families that this NIC has routes of: those with a verified route before those without, IPv4 before IPv6.
	 *
	 * @throws NotStartedError (ERR_NETIF_NOT_STARTED)
	 */
	supported(): Family[] {
		this.#checkStarted("what an interface supports");
		const has = FAMILIES.filter((af) => this.#state.pools[af].routes.length > 0);
		const isVerified = (af: Family): boolean =>
			this.#state.pools[af].routes.some((route) => route.isVerified);
		return [...has.filter(isVerified), ...has.filter((af) => !isVerified(af))];
	}

	/**
	 * The first route of a family: that with the lowest external address. Without a family it is `supported()[0]`.
	 *
	 * @throws NotStartedError, UnsupportedFamilyError (ERR_NETIF_NO_FAMILY), InvalidFamilyError
	 */
	route(af?: Family): Route {
		const family = af === undefined ? this.supported()[0] : checkFamily(af);
		this.#checkStarted("a route");
		const first = family === undefined ? undefined : this.#state.pools[family].routes[0];
		if (!first) throw new UnsupportedFamilyError(this.name, family ?? null, whyNoRoute(this.#state, family));
		return first;
	}

	/** All routes of a family; empty where it has none. @throws NotStartedError, InvalidFamilyError */
	routes(af: Family): RoutePool {
		this.#checkStarted("the routes");
		return this.#state.pools[checkFamily(af)];
	}

	/** The NIC address of `route(af)`; `null` where there is no route. @throws NotStartedError, InvalidFamilyError */
	nic(af: Family): string | null {
		return this.routes(af).routes[0]?.nicIps[0]?.first.toString() ?? null;
	}

	/** Whether the default way out with a family leaves here, as of the last look. @throws InvalidFamilyError */
	isDefault(af: Family): boolean {
		return this.#state.isDefault[checkFamily(af)];
	}

	/** Ends what is under way; every later call that needs the network throws ClosedError. Sockets are never kept. */
	close(): void {
		this.#closed.abort(new ClosedError(this.name || "the interface"));
	}

	/** P2PD's dictionary. */
	toJSON(): InterfaceJson {
		return writeInterface(this.#state);
	}

	/** P2PD's dictionary as JSON text. */
	toString(): string {
		return JSON.stringify(this, null, 4);
	}

	[inspect.custom](depth: number): string {
		return depth < 0 ? `[Interface ${this.name || "not started"}]` : this.toString();
	}

	/** A call's limits, which `close()` ends too. */
	#limits({ timeout, signal }: CallOptions): CallOptions {
		return { signal: this.#joined(signal), ...(timeout === undefined ? {} : { timeout }) };
	}

	#joined(signal: AbortSignal | undefined): AbortSignal {
		return signal ? AbortSignal.any([signal, this.#closed.signal]) : this.#closed.signal;
	}

	#checkStarted(what: string): void {
		if (!this.#started) throw new NotStartedError(what);
	}

	#checkOpen(): void {
		this.#closed.signal.throwIfAborted();
	}
}

import { inspect } from "node:util";
import { FAMILIES, type Family } from "@p2pd/address";
import type { Route, RouteNic, RoutePool } from "@p2pd/route";
import { checkFamily, chooseNic, type InterfaceSelector } from "./choose-nic.js";
import { LOOK_MAX_AGE, NAT_TIMEOUT, START_RESERVE, START_TIMEOUT } from "./defaults.js";
import { ClosedError, NotStartedError, UnsupportedFamilyError } from "./errors.js";
import { systemInterfaceDeps } from "./interface-deps.js";
import { emptyPools, type InterfaceState, readInterface, writeInterface } from "./json/interface-json.js";
import { assumedNat } from "./nat/nat-json.js";
import { testNat } from "./nat/test-nat.js";
import type { Netifaces } from "./netifaces.js";
import { listInterfaceNames } from "./os/names.js";
import type { NicInfo, OsDeps, PerFamily } from "./os/types.js";
import { SharedTask } from "./shared-task.js";
import { resolveFamilies } from "./start/family-routes.js";
import { stunServersFor } from "./start/servers.js";
import { withDeadline } from "./start/with-deadline.js";
import type { CallOptions, InterfaceDeps, InterfaceJson, InterfaceOptions, NatJson } from "./types.js";

const NOT_TESTED = "loadNat() was not called";

/**
 * A network interface: its addresses, the external addresses behind them, the routes between the two, and the NAT
 * in the way. The page's starting object.
 */
export class Interface implements RouteNic {
	readonly #selector: InterfaceSelector;
	readonly #options: InterfaceOptions;
	readonly #deps: InterfaceDeps;
	readonly #starting: SharedTask<void>;
	#netifaces: Netifaces | null;
	#info: NicInfo | null = null;
	#routesKnown: PerFamily<boolean> = { 4: false, 6: false };
	#state: InterfaceState;
	#pools: PerFamily<RoutePool> = emptyPools();
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
		this.#netifaces = options.netifaces ?? null;
		this.#state = emptyState(typeof selector === "string" ? selector : "");
		this.#starting = new SharedTask((signal) => this.#start(signal));
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
		const { name } = readInterface(json, NO_NIC).state;
		const made = new Interface(name, options, deps);
		const { state, pools } = readInterface(json, made);
		made.#state = state;
		made.#pools = pools;
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

	/** The hardware address in lower case with colons, where there is one. */
	get mac(): string | null {
		return this.#state.mac;
	}

	/** Everything that the OS said of the NIC at the last start; `null` before, and for one out of a dictionary. */
	get info(): NicInfo | null {
		return this.#info;
	}

	/** Whether `start()` has finished. */
	get isStarted(): boolean {
		return this.#started;
	}

	/** The NAT of the first route of IPv4 if there is one, else of IPv6: P2PD's assumption until `loadNat()`. */
	get nat(): NatJson {
		const af: Family = this.#pools[4].routes.length > 0 || this.#pools[6].routes.length === 0 ? 4 : 6;
		return this.#state.nat[af] ?? assumedNat(this.#started ? NOT_TESTED : "start() was not called");
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
	 *   server that is none, or the signal's reason
	 */
	async start(call: CallOptions = {}): Promise<this> {
		this.#checkOpen();
		call.signal?.throwIfAborted();
		if (!this.#started) await this.#run(call);
		return this;
	}

	/** Looks at everything again, as `start()` does; the NAT's verdict stays. Throws as `start()`. */
	async refresh(call: CallOptions = {}): Promise<this> {
		this.#checkOpen();
		await this.#run(call);
		return this;
	}

	/**
	 * Finds out what the NAT does, for the first route of each family, and gives the verdict of {@link nat}. What
	 * could not be found out is P2PD's assumption, marked `assumed`, with the reason; it is no failure.
	 *
	 * @throws NotStartedError, ClosedError, StunConfigError, or the signal's reason
	 */
	async loadNat(call: CallOptions = {}): Promise<NatJson> {
		this.#checkOpen();
		this.#checkStarted("the NAT");
		const servers = stunServersFor(this.#options.stunServers, this.#deps.env);
		const timeout = call.timeout ?? this.#options.natTimeout ?? NAT_TIMEOUT;
		const limits = { timeout, signal: this.#joined(call.signal), clock: this.#deps.clock };
		const setting = {
			nic: this,
			info: this.#info,
			servers,
			routesKnown: this.#routesKnown,
			options: this.#options,
			deps: this.#deps,
		};
		const test = async (af: Family): Promise<NatJson | null> => {
			const route = this.#pools[af].routes[0];
			return route ? testNat(setting, route, limits) : null;
		};
		const [four, six] = await Promise.all([test(4), test(6)]);
		this.#state = { ...this.#state, nat: { 4: four, 6: six } };
		return this.nat;
	}

	/**
	 * The families that this NIC has routes of: those with a verified route before those without, IPv4 before IPv6.
	 *
	 * @throws NotStartedError (ERR_NETIF_NOT_STARTED)
	 */
	supported(): Family[] {
		this.#checkStarted("what an interface supports");
		const has = FAMILIES.filter((af) => this.#pools[af].routes.length > 0);
		const isVerified = (af: Family): boolean => this.#pools[af].routes.some((route) => route.isVerified);
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
		const first = family === undefined ? undefined : this.#pools[family].routes[0];
		if (!first) throw new UnsupportedFamilyError(this.name, family ?? null, this.#whyNone(family));
		return first;
	}

	/** All routes of a family; empty where it has none. @throws NotStartedError, InvalidFamilyError */
	routes(af: Family): RoutePool {
		this.#checkStarted("the routes");
		return this.#pools[checkFamily(af)];
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

	/** The page's dictionary. */
	toJSON(): InterfaceJson {
		return writeInterface(this.#state, this.#pools, this.nat);
	}

	/** The page's dictionary as JSON text. */
	toString(): string {
		return JSON.stringify(this, null, 4);
	}

	[inspect.custom](depth: number): string {
		return depth < 0 ? `[Interface ${this.name || "not started"}]` : this.toString();
	}

	#run(call: CallOptions): Promise<void> {
		const timeout = call.timeout ?? this.#options.timeout ?? START_TIMEOUT;
		const limits = { timeout, signal: this.#joined(call.signal), clock: this.#deps.clock };
		return withDeadline("start()", limits, (signal) => this.#starting.run(signal));
	}

	async #start(signal: AbortSignal): Promise<void> {
		const { clock, env } = this.#deps;
		const deadline = clock.now() + (this.#options.timeout ?? START_TIMEOUT) - START_RESERVE;
		const servers = stunServersFor(this.#options.stunServers, env);
		this.#netifaces ??= this.#deps.netifaces();
		const snapshot = await this.#netifaces.look({ maxAge: this.#started ? 0 : LOOK_MAX_AGE, signal });
		const info = chooseNic(snapshot, this.#started ? this.name : this.#selector);
		this.#info = info;
		this.#routesKnown = snapshot.routesKnown;
		this.#state = { ...this.#state, ...stateOf(info, snapshot.platform) };
		const found = await resolveFamilies(
			{ info, nic: this, servers, routesKnown: true, options: this.#options, deps: this.#deps, deadline },
			snapshot,
			signal,
		);
		signal.throwIfAborted();
		this.#pools = { 4: found[4].pool, 6: found[6].pool };
		this.#state = { ...this.#state, reasons: { 4: found[4].reason, 6: found[6].reason } };
		this.#started = true;
	}

	#joined(signal: AbortSignal | undefined): AbortSignal {
		return signal ? AbortSignal.any([signal, this.#closed.signal]) : this.#closed.signal;
	}

	#whyNone(family: Family | undefined): string {
		const { 4: four, 6: six } = this.#state.reasons;
		if (family !== undefined) return this.#state.reasons[family] ?? "it has no address of it";
		return [four, six].filter((reason) => reason !== null).join("; ") || "it has no addresses";
	}

	#checkStarted(what: string): void {
		if (!this.#started) throw new NotStartedError(what);
	}

	#checkOpen(): void {
		this.#closed.signal.throwIfAborted();
	}
}

/** Stands in for the NIC while only a dictionary's name is read. */
const NO_NIC: RouteNic = { name: "", index: null, isDefault: () => false };

function emptyState(name: string): InterfaceState {
	return {
		name,
		displayName: name,
		kind: "unknown",
		index: null,
		mac: null,
		nicNo: 0,
		isDefault: { 4: false, 6: false },
		nat: { 4: null, 6: null },
		reasons: { 4: null, 6: null },
	};
}

function stateOf(info: NicInfo, platform: string): Partial<InterfaceState> {
	return {
		name: info.name,
		displayName: info.displayName,
		kind: info.kind,
		index: info.index,
		mac: info.mac,
		nicNo: platform === "win32" ? (info.index ?? 0) : 0,
		isDefault: info.isDefault,
	};
}

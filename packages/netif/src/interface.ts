import { inspect } from "node:util";
import type { NatDictionary, NatReport } from "@p2pd/nat";
import {
	type Check,
	FAMILIES,
	type Family,
	type Fields,
	is,
	type NicRef,
	objectProblem,
	withDeadline,
} from "@p2pd/net";
import type { Route, RoutePool } from "@p2pd/route";
import type { StunServerSpec } from "@p2pd/stun-client";
import { LOOK_MAX_AGE, NAT_TIMEOUT, START_TIMEOUT } from "./defaults.js";
import {
	NetifArgumentError,
	NetifClosedError,
	NetifNoFamilyError,
	NetifNotStartedError,
	NetifTimeoutError,
	refuse,
} from "./errors.js";
import { readInterface, readNat, writeInterface } from "./interface-json.js";
import { testNats, withProvenAddress } from "./interface-nat.js";
import { observationTime, startInterface, systemInterfaceDeps } from "./interface-start.js";
import {
	emptyState,
	type InterfaceState,
	natFamily,
	natOf,
	stateOfNic,
	whyNoRoute,
} from "./interface-state.js";
import { type InterfaceSelector, isSnapshot, Netifaces } from "./netifaces.js";
import { listInterfaceNames } from "./os/enumerate.js";
import type { NicInfo, NicSnapshot, OsDeps, PerFamily } from "./os/types.js";
import { SharedTask } from "./shared-task.js";
import { defaultStunServers, isStunServers, readStunServers } from "./stun-servers.js";
import type { CallOptions, InterfaceDeps, InterfaceJson, InterfaceOptions, RefreshOptions } from "./types.js";
import { concerns } from "./watch/diff.js";

/** The checks of {@link InterfaceOptions}. */
export const optionFields = {
	netifaces: is.a("what initP2pd() returned", Netifaces.isNetifaces),
	stunServers: isStunServers,
	minAgree: is.whole(1, 1000),
	maxServers: is.whole(1, 1000),
	timeout: is.timeout,
	natTimeout: is.timeout,
	families: is.listOf(is.family),
	strict: is.boolean,
} satisfies Fields;

const renamed = { stun_servers: "stunServers", servers: "stunServers", nat_timeout: "natTimeout" };

const depsFields = {
	sockets: is.function,
	bind: is.function,
	observe: is.function,
	discoverNat: is.function,
	netifaces: is.function,
	clock: is.shape({ now: is.function, setTimeout: is.function, clearTimeout: is.function }, { open: true }),
	random: is.function,
	env: is.object,
	resolve: is.function,
	memory: is.object,
} satisfies Record<keyof InterfaceDeps, Check>;

const callFields: Fields = { signal: is.signal, timeout: is.timeout };

const refreshFields: Fields = {
	...callFields,
	event: is.shape(
		{
			changes: is.listOf(
				is.shape({ type: is.text, nic: is.text }, { required: ["type", "nic"], open: true }),
			),
			cause: is.oneOf("change", "wake"),
			snapshot: isSnapshot,
		},
		{ required: ["changes", "cause", "snapshot"], open: true },
	),
};

/** What one start was asked for. */
interface StartInput {
	readonly selector: InterfaceSelector;
	readonly maxAge: number;
	readonly timeout: number;
}

/**
 * A network interface: its addresses, the external addresses behind them, the routes between the two, and the NAT in the
 * way. P2PD's starting object.
 */
export class Interface implements NicRef {
	readonly #selector: InterfaceSelector;
	readonly #options: InterfaceOptions;
	readonly #deps: InterfaceDeps;
	/** The servers of the option; `null` for the default ones. */
	readonly #servers: readonly StunServerSpec[] | null;
	readonly #closed = new AbortController();
	readonly #starting = new SharedTask<void, StartInput>((signal, input) => this.#find(signal, input));
	#netifaces: Netifaces | null;
	/** The enumeration in which the NIC was found last. */
	#found: { readonly info: NicInfo; readonly snapshot: NicSnapshot } | null = null;
	/** When the last start found that UDP is blocked, by the clock. */
	#silentAt: PerFamily<number | null> = { 4: null, 6: null };
	#state: InterfaceState;
	#natReports: PerFamily<NatReport | null> = { 4: null, 6: null };
	#started = false;

	/**
	 * Opens nothing and sends nothing; `start()` does. Also takes the options alone: `new Interface({ stunServers })`.
	 *
	 * @param selector a name (also Windows' adapter description or GUID), a family for its default NIC, or nothing for the
	 *   default NIC
	 * @throws NetifArgumentError (ERR_NETIF_ARGUMENT)
	 */
	constructor(
		selector?: InterfaceSelector | InterfaceOptions,
		options: InterfaceOptions = {},
		deps: Partial<InterfaceDeps> = {},
	) {
		refuse(is.object(options, "options"));
		const alone = typeof selector === "object" && selector !== null;
		if (alone && Object.keys(options).length > 0) {
			throw new NetifArgumentError("options", "are given twice, as the first and the second argument");
		}
		this.#selector = alone ? undefined : checkSelector(selector);
		this.#options = alone ? selector : options;
		refuse(
			objectProblem(this.#options, "", optionFields, { renamed }) ?? objectProblem(deps, "deps", depsFields),
		);
		const { stunServers, netifaces } = this.#options;
		this.#servers = stunServers === undefined ? null : readStunServers(stunServers);
		checkMinAgree(this.#options);
		this.#netifaces = netifaces ?? null;
		this.#deps = { ...systemInterfaceDeps, ...deps };
		this.#state = emptyState(typeof this.#selector === "string" ? this.#selector : "");
	}

	/** The names of all NICs, at once, usable or not. Does not need `initP2pd()`. */
	static list(deps: Partial<OsDeps> = {}): string[] {
		refuse(is.object(deps, "deps"));
		return listInterfaceNames(deps);
	}

	/**
	 * Makes an interface from its dictionary, ours or P2PD's own. It counts as started. Its routes can be bound if the NIC
	 * exists.
	 *
	 * @throws NetifJsonError (ERR_NETIF_JSON) with the path of the fault, NetifArgumentError
	 */
	static fromJSON(
		json: unknown,
		options: InterfaceOptions = {},
		deps: Partial<InterfaceDeps> = {},
	): Interface {
		const made = makeInterface(options, deps);
		made.#state = readInterface(json, made);
		made.#started = true;
		return made;
	}

	/** The OS's name for the NIC. Empty before `start()` if the default one was asked for. */
	get name(): string {
		return this.#state.name;
	}

	/** The OS's number for the NIC, or `null` if it is not known. */
	get index(): number | null {
		return this.#state.index;
	}

	/** The zone of this NIC's link-local addresses, after the `%`: its number on Windows, its name elsewhere. */
	get scopeId(): string {
		return this.#state.nicNo === 0 ? this.name : `${this.#state.nicNo}`;
	}

	/** The MAC address in lower case with colons, or `null`. */
	get mac(): string | null {
		return this.#state.mac;
	}

	/** Everything that the OS told about the NIC at the last start; `null` before, and if made from a dictionary. */
	get info(): NicInfo | null {
		return this.#found?.info ?? null;
	}

	/** Whether `start()` has finished. */
	get isStarted(): boolean {
		return this.#started;
	}

	/** The NAT of the first route of IPv4 if there is one, else of IPv6. P2PD's assumption until `loadNat()`. */
	get nat(): NatDictionary {
		return natOf(this.#state);
	}

	/** The reports of the last `loadNat()` with their evidence; `null` for a family that was not tested. */
	get natReports(): PerFamily<NatReport | null> {
		return this.#natReports;
	}

	/** Why a family has no verified route; `null` if it has one. */
	get reasons(): PerFamily<string | null> {
		return this.#state.reasons;
	}

	/**
	 * Finds the NIC and its external addresses, and builds its routes, of both families at once. Only STUN servers are
	 * contacted. A NIC without a default route has unverified routes and {@link reasons}. A second call waits for the first,
	 * or returns at once; {@link refresh} starts again.
	 *
	 * @throws NetifNotFoundError, NetifNoGatewayError, NetifTimeoutError, NetifClosedError, NetifArgumentError,
	 *   StunConfigError for an invalid P2PD_STUN_SERVERS, or the signal's reason
	 */
	async start(call: CallOptions = {}): Promise<this> {
		refuse(objectProblem(call, "", callFields));
		this.#closed.signal.throwIfAborted();
		call.signal?.throwIfAborted();
		if (!this.#started) await this.#start(this.#selector, LOOK_MAX_AGE, call);
		return this;
	}

	/**
	 * Reads this NIC again, as `start()` does. The NAT's verdict stays, and so does the NIC, even if another one is the
	 * default now. With an event of `watchInterfaces()` its snapshot is used, and if it does not concern this NIC nothing is
	 * done and nothing sent. Throws as `start()`.
	 */
	async refresh(call: RefreshOptions = {}): Promise<this> {
		refuse(objectProblem(call, "", refreshFields));
		this.#closed.signal.throwIfAborted();
		const { event } = call;
		if (event && this.#started && !concerns(event, this.name)) return this;
		if (event) this.#ownNetifaces().take(event.snapshot);
		await this.#start(this.#started ? this.name : this.#selector, event ? LOOK_MAX_AGE : 0, call);
		return this;
	}

	async #start(selector: InterfaceSelector, maxAge: number, call: CallOptions): Promise<void> {
		const timeout = call.timeout ?? this.#options.timeout ?? START_TIMEOUT;
		const signal = this.#untilClosed(call.signal);
		const onTimeout = (): Error => new NetifTimeoutError("start()", timeout);
		await withDeadline({ timeout, signal, clock: this.#deps.clock, onTimeout }, (inner) =>
			this.#starting.run({ selector, maxAge, timeout }, inner),
		);
		this.#started = true;
	}

	/** The work of starts at the same time, done once. */
	async #find(signal: AbortSignal, { selector, maxAge, timeout }: StartInput): Promise<void> {
		const found = await startInterface(
			{
				selector,
				maxAge,
				nic: this,
				netifaces: this.#ownNetifaces(),
				deadline: this.#deps.clock.now() + observationTime(timeout),
				servers: this.#stunServers(),
				options: this.#options,
				deps: this.#deps,
				onFound: (info, snapshot) => {
					this.#found = { info, snapshot };
					this.#state = { ...this.#state, ...stateOfNic(info, snapshot) };
				},
			},
			signal,
		);
		const { silent, ...learned } = found;
		const now = this.#deps.clock.now();
		this.#silentAt = { 4: silent[4] ? now : null, 6: silent[6] ? now : null };
		this.#state = { ...this.#state, ...learned };
	}

	/**
	 * Tests the NAT of the first route of each family and returns the verdict of {@link nat}. What could not be found out is
	 * P2PD's assumption, marked `assumed`, with the reason; that is not an error. If the test proves an external address that
	 * `start()` could not verify, the routes have it afterwards.
	 *
	 * @throws NetifNotStartedError, NetifClosedError, NetifArgumentError, StunConfigError for an invalid P2PD_STUN_SERVERS,
	 *   or the signal's reason
	 */
	async loadNat(call: CallOptions = {}): Promise<NatDictionary> {
		refuse(objectProblem(call, "", callFields));
		this.#closed.signal.throwIfAborted();
		this.#checkStarted("the NAT");
		const tested = await testNats(
			{
				info: this.info,
				routesKnown: this.#found?.snapshot.routesKnown ?? { 4: false, 6: false },
				servers: this.#stunServers(),
				strict: this.#options.strict ?? false,
				previous: this.#natReports,
				silentAt: this.#silentAt,
				timeout: call.timeout ?? this.#options.natTimeout ?? NAT_TIMEOUT,
				signal: this.#untilClosed(call.signal),
				deps: this.#deps,
			},
			this.#state.pools,
		);
		const { pools, reasons } = this.#state;
		const proven = {
			4: withProvenAddress(pools[4], tested[4].report),
			6: withProvenAddress(pools[6], tested[6].report),
		};
		this.#state = {
			...this.#state,
			nat: { 4: tested[4].nat, 6: tested[6].nat },
			pools: proven,
			reasons: {
				4: proven[4] === pools[4] ? reasons[4] : null,
				6: proven[6] === pools[6] ? reasons[6] : null,
			},
		};
		this.#natReports = { 4: tested[4].report, 6: tested[6].report };
		return this.nat;
	}

	/**
	 * Sets the NAT of a family from elsewhere (a file, an earlier run); by default of the family that {@link nat} is about.
	 * `loadNat()` overwrites it.
	 *
	 * @param nat `type` and `delta`; the texts follow from them
	 * @throws NetifJsonError (ERR_NETIF_JSON) with the path, NetifArgumentError
	 */
	setNat(
		nat: Pick<NatDictionary, "type" | "delta">,
		af: Family = natFamily(this.#state.pools),
	): NatDictionary {
		refuse(is.family(af, "af"));
		const read = readNat(nat, "nat");
		this.#state = { ...this.#state, nat: { ...this.#state.nat, [af]: read } };
		return read;
	}

	/**
	 * The families that this NIC has routes of: those with a verified route before those without, IPv4 before IPv6.
	 *
	 * @throws NetifNotStartedError (ERR_NETIF_NOT_STARTED)
	 */
	supported(): Family[] {
		this.#checkStarted("what an interface supports");
		const has = FAMILIES.filter((af) => this.#state.pools[af].routes.length > 0);
		const isVerified = (af: Family): boolean =>
			this.#state.pools[af].routes.some((route) => route.isVerified);
		return [...has.filter(isVerified), ...has.filter((af) => !isVerified(af))];
	}

	/**
	 * The first route of a family: the one with the lowest external address. Without a family it is that of
	 * `supported()[0]`.
	 *
	 * @throws NetifNotStartedError, NetifNoFamilyError (ERR_NETIF_NO_FAMILY), NetifArgumentError
	 */
	route(af?: Family): Route {
		if (af !== undefined) refuse(is.family(af, "af"));
		const family = af ?? this.supported()[0];
		this.#checkStarted("a route");
		const first = family === undefined ? undefined : this.#state.pools[family].routes[0];
		if (!first) throw new NetifNoFamilyError(this.name, family ?? null, whyNoRoute(this.#state, family));
		return first;
	}

	/**
	 * All routes of a family; an empty pool if it has none.
	 *
	 * @throws NetifNotStartedError, NetifArgumentError
	 */
	routes(af: Family): RoutePool {
		refuse(is.family(af, "af"));
		this.#checkStarted("the routes");
		return this.#state.pools[af];
	}

	/**
	 * The NIC's own IP address of `route(af)`, as P2PD's `nic(af)` returns it; `null` if there is no route.
	 *
	 * @throws NetifNotStartedError, NetifArgumentError
	 */
	nic(af: Family): string | null {
		return this.routes(af).routes[0]?.nicIps[0]?.first.toString() ?? null;
	}

	/** Whether the default route of a family left by this NIC at the last start. @throws NetifArgumentError */
	isDefault(af: Family): boolean {
		refuse(is.family(af, "af"));
		return this.#state.isDefault[af];
	}

	/** Ends running calls; every later call that needs the network throws NetifClosedError. No sockets are kept open. */
	close(): void {
		this.#closed.abort(new NetifClosedError(this.name || "the interface"));
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

	#ownNetifaces(): Netifaces {
		this.#netifaces ??= this.#deps.netifaces();
		return this.#netifaces;
	}

	#stunServers(): readonly StunServerSpec[] {
		return this.#servers ?? defaultStunServers(this.#deps.env);
	}

	/** A signal that aborts with the caller's or when the interface is closed. */
	#untilClosed(signal: AbortSignal | undefined): AbortSignal {
		return signal ? AbortSignal.any([signal, this.#closed.signal]) : this.#closed.signal;
	}

	#checkStarted(what: string): void {
		if (!this.#started) throw new NetifNotStartedError(what);
	}
}

/** Outside of the class: esbuild renames a class that names itself inside its body (it would print as `_Interface`). */
function makeInterface(options: InterfaceOptions, deps: Partial<InterfaceDeps>): Interface {
	return new Interface(null, options, deps);
}

function checkSelector(selector: InterfaceSelector): InterfaceSelector {
	if (selector === undefined || selector === null || typeof selector === "string") return selector;
	refuse(is.either("a NIC's name, 4, 6 or nothing", is.family)(selector, "selector"));
	return selector;
}

function checkMinAgree({ minAgree, maxServers, stunServers }: InterfaceOptions): void {
	if (minAgree === undefined) return;
	const most = Math.min(maxServers ?? minAgree, stunServers?.length || minAgree);
	if (minAgree > most) {
		throw new NetifArgumentError("minAgree", `must be at most ${most}, the number of servers that are asked`);
	}
}

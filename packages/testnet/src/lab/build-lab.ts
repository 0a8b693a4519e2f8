import { fileURLToPath, pathToFileURL } from "node:url";
import { labAvailability, labPath } from "./availability.js";
import { DEFAULT_RUN_TIMEOUT } from "./defaults.js";
import {
	type LabChildError,
	LabRunError,
	LabTimeoutError,
	LabTopologyError,
	LabUnavailableError,
} from "./errors.js";
import { type Holder, holdNamespaces } from "./host/holder.js";
import { type StartedProcess, startProcess } from "./host/process.js";
import { checkFree, untilReady } from "./host/readiness.js";
import { planLab } from "./plan/plan-lab.js";
import { labScript } from "./plan/script.js";
import type { LabPlan } from "./plan/types.js";
import type {
	Lab,
	LabCommandOptions,
	LabExit,
	LabFamily,
	LabListen,
	LabProcess,
	LabRunOptions,
	LabService,
	LabTopology,
} from "./types.js";

const RUNNER = fileURLToPath(new URL("./host/runner.ts", import.meta.url));
const WORKSPACE = fileURLToPath(new URL("../../../../", import.meta.url));

function moduleUrl(module: string | URL): string {
	if (module instanceof URL) return module.href;
	return module.startsWith("file:") ? module : pathToFileURL(module).href;
}

/** What the child wrote; nothing if it ended before that. */
function outcomeOf(text: string): { readonly value?: unknown; readonly error?: LabChildError } {
	return text === "" ? {} : JSON.parse(text);
}

class NamespaceLab implements Lab {
	readonly topology: LabTopology;
	readonly services: readonly LabService[];
	readonly #holder: Holder;
	readonly #privileges: "root" | "user-namespace";
	readonly #running = new Set<LabProcess>();

	constructor(topology: LabTopology, plan: LabPlan, holder: Holder, privileges: "root" | "user-namespace") {
		this.topology = topology;
		this.services = plan.services;
		this.#holder = holder;
		this.#privileges = privileges;
	}

	async start(plan: LabPlan): Promise<void> {
		await Promise.all(
			plan.daemons.map(({ host, command, args, listens }) =>
				untilReady(this.spawn(host, command, args), `${command} on ${host}`, listens, this.#pid(host)),
			),
		);
	}

	service(kind: LabService["kind"], af: LabFamily = 4): LabService {
		const found = this.services.find((service) => service.kind === kind && service.af === af);
		if (found === undefined) throw new LabTopologyError(`no service "${kind}" over IPv${af}`);
		return found;
	}

	nics(host: string): readonly string[] {
		const found = this.topology.hosts.find((one) => one.name === host);
		if (found === undefined) throw new LabTopologyError(`there is no inside host "${host}"`);
		return found.nics.map((nic) => nic.name);
	}

	async run<T>(
		host: string,
		module: string | URL,
		input: unknown = null,
		options: LabRunOptions = {},
	): Promise<T> {
		const url = moduleUrl(module);
		const child = this.#runModule(host, url, input, options);
		const exit = await this.#finish(child, `${url} on ${host}`, options);
		const outcome = outcomeOf(child.result());
		if (!("value" in outcome)) throw new LabRunError(url, exit, outcome.error ?? null);
		return outcome.value as T;
	}

	async serve(
		host: string,
		module: string | URL,
		input: unknown,
		listens: readonly LabListen[],
		options: LabCommandOptions = {},
	): Promise<LabProcess> {
		const url = moduleUrl(module);
		const what = `${url} on ${host}`;
		await checkFree(what, listens, this.#pid(host));
		const child = this.#runModule(host, url, input, options);
		try {
			await untilReady(child, what, listens, this.#pid(host));
			return child;
		} catch (error) {
			const exit = await child.stop();
			const { error: childError } = outcomeOf(child.result());
			throw childError === undefined ? error : new LabRunError(url, exit, childError);
		}
	}

	async exec(
		host: string,
		command: string,
		args: readonly string[] = [],
		options: LabRunOptions = {},
	): Promise<LabExit> {
		const child = this.#start(host, command, args, options, false);
		child.stdin.end();
		return this.#finish(child, `${command} on ${host}`, options);
	}

	spawn(
		host: string,
		command: string,
		args: readonly string[] = [],
		options: LabCommandOptions = {},
	): LabProcess {
		return this.#start(host, command, args, options, false);
	}

	async close(): Promise<void> {
		await Promise.all([...this.#running].map((child) => child.stop()));
		await this.#holder.close();
	}

	#pid(host: string): number {
		const pid = this.#holder.pids.get(host);
		if (pid === undefined) throw new LabTopologyError(`there is no host "${host}"`);
		return pid;
	}

	#runModule(host: string, url: string, input: unknown, options: LabCommandOptions): StartedProcess {
		const args = ["--conditions=@p2pd/source", "--import", "tsx", RUNNER, url];
		const child = this.#start(host, process.execPath, args, options, true);
		child.stdin.end(JSON.stringify(input));
		return child;
	}

	/** Enters a host's namespaces and becomes the command; a mount namespace moves the working directory, so it is set again. */
	#start(
		host: string,
		command: string,
		args: readonly string[],
		options: LabCommandOptions,
		result: boolean,
	): StartedProcess {
		const target = `${this.#pid(host)}`;
		const user = this.#privileges === "root" ? [] : ["--user", "--preserve-credentials"];
		const cwd = options.cwd ?? WORKSPACE;
		const child = startProcess({
			command: "nsenter",
			args: [
				...["--target", target, ...user, "--net", "--mount", "--pid"],
				...["sh", "-c", 'cd "$0" && exec "$@"', cwd, command, ...args],
			],
			env: { ...process.env, ...options.env, PATH: labPath() },
			cwd: "/",
			...(options.signal ? { signal: options.signal } : {}),
			result,
		});
		this.#running.add(child);
		void child.exited.then(() => this.#running.delete(child));
		return child;
	}

	async #finish(child: LabProcess, what: string, options: LabRunOptions): Promise<LabExit> {
		const timeout = options.timeout ?? DEFAULT_RUN_TIMEOUT;
		let late = false;
		const timer = setTimeout(() => {
			late = true;
			void child.stop();
		}, timeout);
		const exit = await child.exited;
		clearTimeout(timer);
		options.signal?.throwIfAborted();
		if (late) throw new LabTimeoutError(what, timeout, `${exit.stdout}${exit.stderr}`);
		return exit;
	}
}

/**
 * Builds a laboratory: namespaces, links, addresses, routes, rules, and servers that are ready when it
 * resolves. Nothing in it has a route to any real network. Close it; what its process leaves, the kernel ends.
 * @throws LabUnavailableError `ERR_LAB_UNAVAILABLE`; LabTopologyError `ERR_LAB_TOPOLOGY`; LabSetupError `ERR_LAB_SETUP`.
 */
export async function buildLab(topology: LabTopology): Promise<Lab> {
	const plan = planLab(topology);
	const availability = labAvailability();
	if (!availability.ok) throw new LabUnavailableError(availability.reason, availability.install);
	const holder = await holdNamespaces(labScript(plan), availability.privileges);
	const lab = new NamespaceLab(topology, plan, holder, availability.privileges);
	try {
		await lab.start(plan);
		return lab;
	} catch (error) {
		await lab.close();
		throw error;
	}
}

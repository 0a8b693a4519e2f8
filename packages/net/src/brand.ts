/**
 * Makes `instanceof` recognise instances from another copy of the same class: a program can load a package twice, as
 * an ES module and as a CommonJS one, or in two versions. Call it in a static block of the class:
 *
 * ```ts
 * class IpAddress {
 * 	static {
 * 		brand(IpAddress, "@p2pd/address/IpAddress");
 * 	}
 * }
 * ```
 *
 * Subclasses that are not branded themselves keep the ordinary `instanceof`. A branded instance of another copy has
 * the same public members, but other `#private` ones: read it through its public members.
 *
 * @param name the same in every copy, and unique among all classes
 */
export function brand(type: { readonly prototype: object }, name: string): void {
	const key = Symbol.for(name);
	Object.defineProperty(type.prototype, key, { value: true });
	Object.defineProperty(type, Symbol.hasInstance, {
		value(this: unknown, value: unknown): boolean {
			if (this !== type) return ordinaryHasInstance.call(this as () => unknown, value);
			return typeof value === "object" && value !== null && key in value;
		},
	});
}

const ordinaryHasInstance = Function.prototype[Symbol.hasInstance];

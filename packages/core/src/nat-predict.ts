/**
 * `@p2pd/nat/predict` through the facade.
 *
 * @packageDocumentation
 */
export * from "@p2pd/nat/predict";

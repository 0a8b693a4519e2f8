import type { Reporter } from "../callbacks.js";
import { PipePatternError } from "../errors.js";
import type { Settings } from "../settings.js";
import type { Matcher } from "../subscription/matcher.js";
import type { PatternTest } from "../types.js";

/**
 * Tests a pattern on text. The test is synchronous and cannot be stopped, so one that took too long is
 * reported afterwards; one that threw is reported and meets nothing.
 */
export function runPattern(
	matcher: Matcher,
	test: PatternTest,
	text: string,
	{ clock, patternSlow }: Settings,
	reporter: Reporter,
): boolean {
	// Objects with the flags g or y start where their last match ended, unless they are put back.
	if ("lastIndex" in test) test.lastIndex = 0;
	const start = clock.now();
	let meets = false;
	try {
		meets = test.test(text);
	} catch (cause) {
		reporter.report(
			new PipePatternError(`the pattern ${matcher.name} threw`, clock.now() - start, { cause }),
		);
	}
	const ms = clock.now() - start;
	if (ms > patternSlow) {
		const took = `${ms.toFixed(1)} ms for ${text.length} bytes`;
		reporter.report(new PipePatternError(`the pattern ${matcher.name} took ${took}`, ms));
	}
	return meets;
}

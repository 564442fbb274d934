// Adds up the test runner's reports: `node count.mjs DIRECTORY [FAILED_STEP …]`. The last line printed is the verdict.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

const [directory = ".", ...steps] = process.argv.slice(2);
let [passed, failed, skipped] = [0, steps.length, 0];
for (const file of readdirSync(directory)) {
  const report = JSON.parse(readFileSync(path.join(directory, file), "utf8"));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  // A file that could not be loaded, or whose hooks failed, has no failed test to count.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.every((test) => test.status !== "failed"),
  );
  failed += broken.length;
  for (const suite of report.testResults) {
    for (const test of suite.assertionResults) {
      if (test.status === "failed") console.log(`failed: ${test.fullName} (${path.relative(".", suite.name)})`);
    }
  }
  for (const suite of broken)
    console.log(`failed outside of its tests: ${path.relative(".", suite.name)}: ${suite.message}`);
}
for (const step of steps) console.log(`failed step: ${step}`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

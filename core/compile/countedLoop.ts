import type { Builder } from "./builder.ts";
import { binary, get, i32, type Expr, type Label, type Local } from "./tree.ts";

/** Runs `body` for `index` from its present value to `end`, a multiple of `step` further, in a nested list of statements. */
export function countedLoop(builder: Builder, index: Local, end: Expr, body: () => void, step = 1): void {
  const [out, again]: Label[] = [{ name: "out" }, { name: "again" }];
  const { statements } = builder.nest(() => {
    builder.add({ do: "leave", label: out!, test: binary("i32.ge_u", get(index), end) });
    body();
    builder.assign(index, binary("i32.add", get(index), i32(step)));
    builder.add({ do: "leave", label: again! });
  });
  builder.effects++;
  builder.add({ do: "block", label: out!, body: [{ do: "loop", label: again!, body: statements }] });
}

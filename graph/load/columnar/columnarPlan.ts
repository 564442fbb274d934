/**
 * How the rows of typed files become rows of a graph: plain data, sent to the threads that decode.
 */
import type { AttrType } from "../text/cellKind.ts";

/** A column of ids. */
export interface IdColumn {
  readonly role: "src" | "dst" | "id";
  readonly name: string;
}

/** A column read into an attribute. */
export interface AttrColumn {
  readonly name: string;
  /** By the schema; "number" also for integers, which turn out to be "bigint" where one is beyond 2^53. */
  readonly type: Exclude<AttrType, "bigint">;
  readonly isInteger: boolean;
  /** A weight must be there, and finite. */
  readonly isWeight: boolean;
}

/** What to read of each part. */
export interface ColumnarPlan {
  readonly idType: "integer" | "string";
  readonly ids: readonly IdColumn[];
  readonly attrs: readonly AttrColumn[];
  /** What a part is called: "row group", "batch". */
  readonly partName: string;
  /** A part gives up after this many bad rows. */
  readonly maxBadRows: number;
  /** Bad rows keep their text. */
  readonly keepsText: boolean;
}

/**
 * Members of records and namespaces.
 */
import { undefinedValue } from "./activation.ts";
import type { Known } from "./operations.ts";
import { Refused } from "./refused.ts";
import { describeValue, type Value } from "./value.ts";

/** A member of a record or namespace; undefined if a record has none of that name. */
export function memberOf(object: Known, name: string): Value {
  switch (object.kind) {
    case "record": {
      const field = object.fields.get(name);
      if (field === undefined && name in Object.prototype) throw new Refused(`the method ${name} does not compile`);
      return field ?? undefinedValue;
    }
    case "namespace": {
      const member = object.members.get(name);
      if (member === undefined) throw new Refused(`${name} of ${object.what} does not compile`);
      return member;
    }
    case "refused":
      throw new Refused(object.why);
    default:
      throw new Refused(`${name} of ${describeValue(object)} does not compile`);
  }
}

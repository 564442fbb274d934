/**
 * Encodes what a caller gave, on the driver.
 */
import { encodeValues } from "../column/codec.ts";
import { SuperstepError, hasCode } from "../errors.ts";

/**
 * The encoded values; `nameOf` says what the caller knows value `index` as: "data[7]".
 *
 * @throws SuperstepError NOT_SHIPPABLE if one cannot travel, with `where` and its name.
 */
export function encodeArgument(
  where: string,
  nameOf: (index: number) => string,
  values: readonly unknown[],
): Uint8Array {
  try {
    return encodeValues(values);
  } catch (error) {
    if (!hasCode(error, "NOT_SHIPPABLE")) throw error;
    const { message, details } = error as SuperstepError;
    const named = message.replace(/^\[(\d+)\]/, (_, index: string) => nameOf(Number(index)));
    throw new SuperstepError("NOT_SHIPPABLE", `${where}: ${named}`, { details, cause: error });
  }
}

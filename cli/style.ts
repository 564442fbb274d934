/**
 * Colour and weight of text on a terminal, if its user wants them.
 */
import { styleText } from "node:util";

/** Where text goes: what matters of a stream. */
export interface TextStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Gives text a look, or leaves it as it is. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
}

/**
 * The style for `stream`: plain unless it is a terminal, NO_COLOR is unset or empty, TERM is not "dumb", and there is no
 * --no-color (`wanted` false). FORCE_COLOR, unless it is empty or 0, colours anything but --no-color.
 */
export function styleFor(stream: TextStream, env: NodeJS.ProcessEnv, wanted = true): Style {
  const isForced = (env["FORCE_COLOR"] ?? "0") !== "0" && env["FORCE_COLOR"] !== "";
  const isFit = stream.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  const isColoured = wanted && (isForced || isFit);
  const styled = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    isColoured ? styleText(format, text, { validateStream: false }) : text;
  return { bold: styled("bold"), dim: styled("dim"), red: styled(["red", "bold"]), yellow: styled("yellow") };
}

/**
 * What the commands ask for, once their options are read and checked: plain data.
 */
import type { TableFormat } from "../graph/load/table/format.ts";
import type { AlgorithmName } from "./algorithms.ts";
import type { ProgressMode } from "./progressModes.ts";

/** A format of edges. */
export type InputFormat = "edgeList" | "csv" | "tsv" | "mtx" | "parquet" | "arrow";

/** Where edges come from. */
export interface InputRequest {
  /** Files, directories, patterns, or `-`. */
  readonly paths: readonly string[];
  /** Column names or numbers from 1. */
  readonly src?: string;
  readonly dst?: string;
  readonly weight?: string;
  /** A table of vertices. */
  readonly vertices?: string;
  /** Its column of ids. */
  readonly id?: string;
  /** Edges may end at vertices that the table lacks. */
  readonly defaultVertex: boolean;
  /** Default: guessed. */
  readonly from?: InputFormat;
  /** The first row names the columns. Default: guessed. */
  readonly header?: boolean;
  readonly undirected: boolean;
  /** One character, or "tab". */
  readonly delimiter?: string;
  readonly ids: "auto" | "int" | "string";
  readonly maxErrors?: number;
  readonly badRows?: string;
}

/** How a process gets at a cluster. Each absent unless it was given. */
export interface AccessRequest {
  /** A file with the cluster's secret. */
  readonly secretFile?: string;
  /** A directory with certificates. */
  readonly tls?: string;
  readonly insecureNoTls?: boolean;
  /** The address that others reach this process by. */
  readonly host?: string;
}

/** What a run wants of a cluster. Each absent unless it was given. */
export interface ShareRequest {
  readonly cores?: number;
  readonly coresPerExecutor?: number;
  readonly memoryBytesPerExecutor?: number;
  /** Milliseconds to wait for a first executor. */
  readonly waitMs?: number;
}

/** Where and how it runs. */
export interface EngineRequest {
  readonly master?: string;
  /** Of `superstep://`; absent if nothing was said of it. */
  readonly cluster?: AccessRequest & ShareRequest;
  readonly partitions?: number;
  readonly strategy?: string;
}

/** What is done against the loss of processes, and to try it out. Each absent unless it was given. */
export interface RecoveryRequest {
  /** Where checkpoints of supersteps are written. */
  readonly checkpointDir?: string;
  /** Supersteps between two of them. */
  readonly checkpointEvery?: number;
  /** Goes on from the last one. */
  readonly resume?: boolean;
  /** Also if another version of Node wrote it. */
  readonly resumeOtherNode?: boolean;
  /** Faults on purpose, as `Context` takes them. */
  readonly chaos?: string;
}

/** What is told about it. */
export interface ReportRequest {
  readonly progress: ProgressMode;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

/** Where the result goes. */
export interface ResultRequest {
  /** A path, or `-`. */
  readonly output?: string;
  readonly format?: TableFormat;
  readonly force: boolean;
  /** Rows shown; 0 for none. */
  readonly top: number;
  readonly json: boolean;
}

/** Parameters of algorithms, checked for range. Ids are text until the graph says what they are. */
export interface AlgorithmParameters {
  readonly iterations?: number;
  readonly tolerance?: number;
  readonly resetProb?: number;
  readonly scale?: "n" | "probability";
  readonly source?: string;
  readonly landmarks?: readonly string[];
  readonly direction?: "out" | "in" | "either";
  readonly maxSupersteps?: number;
}

/** `superstep run`. */
export interface RunRequest extends EngineRequest, RecoveryRequest, ReportRequest, ResultRequest {
  readonly command: "run";
  readonly algorithm: AlgorithmName;
  readonly input: InputRequest;
  readonly parameters: AlgorithmParameters;
  readonly explain: boolean;
  readonly requireConvergence: boolean;
}

/** `superstep pregel`. */
export interface PregelRequest extends EngineRequest, RecoveryRequest, ReportRequest, ResultRequest {
  readonly command: "pregel";
  readonly program: string;
  readonly input: InputRequest;
  readonly maxSupersteps?: number;
  readonly explain: boolean;
  readonly requireConvergence: boolean;
}

/** `superstep info`. */
export interface InfoRequest extends EngineRequest, ReportRequest {
  readonly command: "info";
  readonly input: InputRequest;
  readonly json: boolean;
  readonly force: boolean;
}

/** `superstep convert`. */
export interface ConvertRequest extends EngineRequest, ReportRequest {
  readonly command: "convert";
  readonly input: InputRequest;
  readonly output: string;
  readonly format?: TableFormat;
  readonly force: boolean;
}

/** Kinds of graphs that `generate` makes. */
export type GraphKind = "rmat" | "kronecker" | "log-normal" | "grid" | "star";

/** `superstep generate`. */
export interface GenerateRequest extends EngineRequest, ReportRequest {
  readonly command: "generate";
  readonly kind: GraphKind;
  readonly output: string;
  readonly force: boolean;
  readonly seed: number;
  readonly vertices?: number;
  readonly edges?: number;
  readonly scale?: number;
  readonly edgeFactor?: number;
  readonly rows?: number;
  readonly columns?: number;
  readonly mu?: number;
  readonly sigma?: number;
}

/** `superstep view`. */
export interface ViewRequest extends ReportRequest {
  readonly command: "view";
  /** A result: a table whose first column is the id. */
  readonly result: string;
  readonly edges: InputRequest;
  readonly top?: number;
  readonly by?: string;
  readonly ego?: string;
  readonly hops?: number;
  readonly export?: string;
  readonly port: number;
  readonly open: boolean;
  readonly force: boolean;
}

/** `superstep master`. */
export interface MasterRequest extends AccessRequest, ReportRequest {
  readonly command: "master";
  readonly port: number;
  readonly stateFile?: string;
  readonly statusPort: number;
  /** Milliseconds. */
  readonly heartbeat?: number;
  readonly timeout?: number;
}

/** `superstep worker`. */
export interface WorkerRequest extends AccessRequest, ReportRequest {
  readonly command: "worker";
  readonly master: string;
  /** Default: those of the machine. */
  readonly cores?: number;
  /** Bytes. Default: most of the machine's. */
  readonly memory?: number;
  readonly workDir?: string;
}

/** `superstep submit`. */
export interface SubmitRequest extends RecoveryRequest, ReportRequest {
  readonly command: "submit";
  readonly program: string;
  readonly args: readonly string[];
  readonly deploy: "client" | "cluster";
  readonly master?: string;
  readonly cluster?: AccessRequest & ShareRequest;
}

/** Whatever a command line asks for. */
export type Request =
  | RunRequest
  | PregelRequest
  | InfoRequest
  | ConvertRequest
  | GenerateRequest
  | ViewRequest
  | MasterRequest
  | WorkerRequest
  | SubmitRequest;

/** Does what a request asks for, and gives the exit code. */
export type Perform = (request: Request) => Promise<number>;

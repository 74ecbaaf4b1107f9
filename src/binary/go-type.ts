/** The kinds of Go's reflect package, by their names in Go source. */
export type GoKind =
  | 'bool'
  | 'int'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'uintptr'
  | 'float32'
  | 'float64'
  | 'complex64'
  | 'complex128'
  | 'array'
  | 'chan'
  | 'func'
  | 'interface'
  | 'map'
  | 'pointer'
  | 'slice'
  | 'string'
  | 'struct'
  | 'unsafe.Pointer'
  /** No kind of Go: an integer or pointer of which only the size is known. */
  | 'word';

/**
 * A Go type as read from DWARF or from a run-time type descriptor. Types may be recursive: `elem`, `key` and
 * `fields` are getters that resolve on first use.
 */
export interface GoType {
  readonly kind: GoKind;
  /** As in Go source with the full package path: `*github.com/acme/shop.Order`, `map[string][]string`. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly alignBytes: number;
  /** Of array, chan, map, pointer and slice. */
  readonly elem?: GoType | undefined;
  /** Of map. */
  readonly key?: GoType | undefined;
  /** Of a map's run-time type: what its buckets (up to Go 1.23) or groups are. */
  readonly group?: GoType | undefined;
  /** Of array: number of elements. */
  readonly length?: number | undefined;
  /** Of struct, in order of declaration. */
  readonly fields?: readonly GoField[] | undefined;
  /** Of interface: false for one without methods (its first word is the type, not an itab). */
  readonly hasMethods?: boolean | undefined;
  /** Of a run-time type: whether interfaces hold the value itself in their data word. */
  readonly isDirect?: boolean | undefined;
}

export interface GoField {
  readonly name: string;
  readonly type: GoType;
  readonly offsetBytes: number;
  readonly embedded: boolean;
}

/** A parameter or result. `name` is empty where the source gives none. */
export interface GoParameter {
  readonly name: string;
  readonly type: GoType;
  /** Of generic code: which word of the call's dictionary says the type for which `type` is the shape. */
  readonly dictionaryWord?: number;
  /** The same, where debug information doesn't say which word. */
  readonly genericType?: GenericType | undefined;
}

/**
 * In the order in which the ABI assigns registers: receiver first. Generic code has its dictionary among the parameters,
 * under the name `.dict`, and a function literal that is called where it stands the variables that it captured.
 */
export interface GoSignature {
  readonly parameters: readonly GoParameter[];
  readonly results: readonly GoParameter[];
  /** How many parameters there are without the receiver, where debug information that may leave some out tells it. */
  readonly parameterCount?: number | undefined;
  /** Why the function may have results although none are listed. */
  readonly resultsUnavailable?: string | undefined;
}

/** Parameters without the receiver, and results, of a method: a variadic one has its slice. */
export interface MethodTypes {
  readonly parameters: readonly GoType[];
  readonly results: readonly GoType[];
  readonly variadic: boolean;
}

/** What is known of the types of generic code without debug information: as the source has them. Plain data. */
export interface GenericSignature {
  /** Of a method: its receiver's type without type arguments and star, `main.List`. */
  readonly receiver?: string | undefined;
  /** The shape of each type parameter. */
  readonly typeParameters: readonly { readonly kind: GoKind; readonly sizeBytes: number }[];
  /**
   * Types of the parameters and then results that depend on type parameters, in the order of the source: `map[$0]$1`, where
   * `$0` is the first type parameter.
   */
  readonly templates: readonly string[];
}

/** A type that depends on the type parameters. */
export interface GenericType {
  /** As one of the signature's. */
  readonly template: string;
  readonly signature: GenericSignature;
}

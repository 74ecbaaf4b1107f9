/** Types and signatures as they were written, before anything is looked up. `at` is an index in the pattern. */
export type TypeSyntax =
  /** `int`, `Order`, `http.Request`, `net/http.Request`, `Pair[int, string]`. */
  | { readonly kind: 'name'; readonly at: number; readonly name: string; readonly arguments: readonly TypeSyntax[] }
  | { readonly kind: 'pointer' | 'slice'; readonly at: number; readonly elem: TypeSyntax }
  | { readonly kind: 'array'; readonly at: number; readonly length: number; readonly elem: TypeSyntax }
  | { readonly kind: 'map'; readonly at: number; readonly key: TypeSyntax; readonly elem: TypeSyntax }
  | {
      readonly kind: 'chan';
      readonly at: number;
      /** As in Go source, with the space behind it. */
      readonly word: 'chan ' | 'chan<- ' | '<-chan ';
      readonly elem: TypeSyntax;
    }
  | ({ readonly kind: 'func'; readonly at: number } & SignatureSyntax)
  | { readonly kind: 'interface'; readonly at: number; readonly hasMethods: boolean }
  | { readonly kind: 'struct'; readonly at: number; readonly fields: readonly FieldSyntax[] };

export interface FieldSyntax {
  readonly name: string;
  readonly type: TypeSyntax;
  readonly embedded: boolean;
}

export interface ParameterSyntax {
  /** Empty where none is written. */
  readonly name: string;
  /** Of a variadic parameter the slice that it is. */
  readonly type: TypeSyntax;
}

/** Parameters without a receiver, and results. */
export interface SignatureSyntax {
  readonly parameters: readonly ParameterSyntax[];
  readonly results: readonly ParameterSyntax[];
  /** Names of the type parameters of generic code, if they were declared. */
  readonly typeParameters?: readonly string[] | undefined;
}

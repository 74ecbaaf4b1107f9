import { SignatureError } from './signature-error.ts';
import { type Token, tokensOf } from './tokens.ts';
import type { FieldSyntax, ParameterSyntax, SignatureSyntax, TypeSyntax } from './type-syntax.ts';

/** Types within types: source code has a handful. */
const maxNesting = 50;
/** No function of that many parameters, or struct of that many fields, is written by hand. */
const maxMembers = 200;
/** Go's own limit is the address space; a parameter is never that large. */
const maxArrayLength = 1 << 30;

/**
 * Parses a signature in Go's own syntax from the `(` of its parameters to the end of the text:
 * `main.charge(ctx context.Context, cents int64) (id string, err error)`. Throws a SignatureError with the place.
 */
export function parseSignature(text: string, from: number): SignatureSyntax {
  const parser = new Parser(text, tokensOf(text, from));
  const signature = parser.signature();
  parser.end();
  return signature;
}

/**
 * Parses a type as the compiler writes one in a shape's name, where fields of structs that are not exported are qualified by
 * their package: `struct { main.id int64; Name string }`. Throws a SignatureError.
 */
export function parseShape(text: string): TypeSyntax {
  const parser = new Parser(text, tokensOf(text, 0), true);
  const type = parser.type();
  parser.end();
  return type;
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #hasQualifiedFields: boolean;
  #next = 0;
  #nesting = 0;

  constructor(text: string, tokens: readonly Token[], hasQualifiedFields = false) {
    this.#text = text;
    this.#tokens = tokens;
    this.#hasQualifiedFields = hasQualifiedFields;
  }

  end(): void {
    if (this.#token().kind !== 'end') this.#fail('the end of the signature');
  }

  signature(): SignatureSyntax {
    const parameters = this.#parameters(true);
    if (this.#is('(')) return { parameters, results: this.#parameters(false) };
    return { parameters, results: this.#startsType(0) ? [{ name: '', type: this.type() }] : [] };
  }

  /** Either all have a name, of which several may share a type, or none has. */
  #parameters(mayBeVariadic: boolean): ParameterSyntax[] {
    this.#expect('(');
    const entries: { name?: Token; type?: TypeSyntax }[] = [];
    let variadicAt: number | undefined;
    while (!this.#is(')')) {
      if (entries.length === maxMembers) this.#fail(`at most ${maxMembers} parameters`);
      if (variadicAt !== undefined) this.#failAt(variadicAt, 'only the last parameter can be variadic');
      const name = this.#startsNamed() ? this.#take() : undefined;
      const at = this.#token().at;
      const isVariadic = this.#skip('...');
      if (isVariadic) variadicAt = at;
      if (isVariadic && !mayBeVariadic) this.#failAt(at, 'a result can not be variadic');
      const elem = this.type();
      const type: TypeSyntax = isVariadic ? { kind: 'slice', at, elem } : elem;
      entries.push(name === undefined ? { type } : { name, type });
      if (!this.#skip(',')) break;
    }
    if (!this.#is(')')) this.#fail('`,` or `)`');
    this.#take();
    const named = entries.some(({ name }) => name !== undefined);
    return named ? this.#namedOf(entries) : entries.map(({ type }) => ({ name: '', type: type as TypeSyntax }));
  }

  /** `a, b int`: what looked like a type without a name is a name that shares the next one's type. */
  #namedOf(entries: readonly { name?: Token; type?: TypeSyntax }[]): ParameterSyntax[] {
    let shared: TypeSyntax | undefined;
    const parameters: ParameterSyntax[] = [];
    for (const { name, type } of entries.toReversed()) {
      if (name !== undefined) {
        shared = type;
        parameters.push({ name: name.text, type: type as TypeSyntax });
        continue;
      }
      const isName = type?.kind === 'name' && type.arguments.length === 0 && isIdentifier(type.name);
      if (!isName) this.#failAt(type?.at ?? 0, 'either all parameters have a name or none: expected a name here');
      if (shared === undefined) this.#failAt(type.at, `expected a type behind the name \`${type.name}\``);
      parameters.push({ name: type.name, type: shared });
    }
    return parameters.reverse();
  }

  /** Whether a name and a type come, and not a type alone. */
  #startsNamed(isName = isIdentifier): boolean {
    const { kind, text } = this.#token();
    if (kind !== 'name' || !isName(text) || keywords.has(text)) return false;
    if (this.#token(1).text !== '[') return this.#startsType(1) || this.#token(1).text === '...';
    // `a []int` and `a [4]int`, but `Pair[int]`.
    return this.#token(2).text === ']' || this.#token(2).kind === 'number';
  }

  #startsType(ahead: number): boolean {
    const { kind, text } = this.#token(ahead);
    return kind === 'name' || text === '*' || text === '[' || text === '(' || text === '<-';
  }

  type(): TypeSyntax {
    if (++this.#nesting > maxNesting) this.#fail(`types nested at most ${maxNesting} deep`);
    const type = this.#plainType();
    this.#nesting--;
    return type;
  }

  #plainType(): TypeSyntax {
    if (!this.#startsType(0)) this.#fail('a type');
    const { at, text, kind } = this.#take();
    if (kind === 'name') return this.#namedType(text, at);
    switch (text) {
      case '*':
        return { kind: 'pointer', at, elem: this.type() };
      case '(': {
        const inner = this.type();
        this.#expect(')');
        return inner;
      }
      case '<-':
        if (this.#token().text !== 'chan') this.#fail('`chan`');
        this.#take();
        return { kind: 'chan', at, word: '<-chan ', elem: this.type() };
      default:
        return this.#bracketType(at);
    }
  }

  #bracketType(at: number): TypeSyntax {
    if (this.#skip(']')) return { kind: 'slice', at, elem: this.type() };
    const token = this.#token();
    if (token.kind !== 'number') this.#fail('`]` or the length of an array, as a number');
    const length = Number(this.#take().text.replaceAll('_', ''));
    if (length > maxArrayLength) this.#failAt(token.at, `an array of at most ${maxArrayLength} elements was expected`);
    this.#expect(']');
    return { kind: 'array', at, length, elem: this.type() };
  }

  #namedType(name: string, at: number): TypeSyntax {
    switch (name) {
      case 'map': {
        this.#expect('[');
        const key = this.type();
        this.#expect(']');
        return { kind: 'map', at, key, elem: this.type() };
      }
      case 'chan':
        return { kind: 'chan', at, word: this.#skip('<-') ? 'chan<- ' : 'chan ', elem: this.type() };
      case 'func':
        return { kind: 'func', at, ...this.signature() };
      case 'interface':
        return this.#interface(at);
      case 'struct':
        return { kind: 'struct', at, fields: this.#fields() };
    }
    if (keywords.has(name)) this.#failAt(at, `\`${name}\` is no type`);
    const list: TypeSyntax[] = [];
    if (this.#skip('[')) {
      do {
        if (list.length === maxMembers) this.#fail(`at most ${maxMembers} type arguments`);
        list.push(this.type());
      } while (this.#skip(','));
      this.#expect(']');
    }
    return { kind: 'name', at, name, arguments: list };
  }

  /** Which methods it has makes no difference to how its values are passed, only whether there are any. */
  #interface(at: number): TypeSyntax {
    this.#expect('{');
    let members = 0;
    while (!this.#is('}')) {
      if (++members > maxMembers) this.#fail(`at most ${maxMembers} methods`);
      if (this.#token().kind !== 'name') this.#fail('a method or `}`');
      this.#take();
      if (this.#is('(')) this.signature();
      if (!this.#skip(';')) break;
    }
    this.#expect('}');
    return { kind: 'interface', at, hasMethods: members > 0 };
  }

  #fields(): FieldSyntax[] {
    const fields: FieldSyntax[] = [];
    this.#expect('{');
    while (!this.#is('}')) {
      for (const field of this.#fieldLine()) {
        if (fields.length === maxMembers) this.#fail(`at most ${maxMembers} fields`);
        fields.push(field);
      }
      if (this.#token().kind === 'string') this.#take();
      if (!this.#skip(';')) break;
    }
    if (!this.#is('}')) this.#fail('`;` or `}`');
    this.#take();
    return fields;
  }

  /** `A, B int`, or an embedded type. */
  #fieldLine(): FieldSyntax[] {
    const names: string[] = [];
    const isName = this.#hasQualifiedFields ? () => true : isIdentifier;
    if (this.#startsNamed(isName) || this.#token(1).text === ',') {
      do {
        const { kind, text } = this.#token();
        if (kind !== 'name' || !isName(text)) this.#fail("a field's name");
        names.push(unqualified(text));
        this.#take();
        if (names.length > maxMembers) this.#fail(`at most ${maxMembers} fields`);
      } while (this.#skip(','));
    }
    const type = this.type();
    if (names.length > 0) return names.map((name) => ({ name, type, embedded: false }));
    const named = type.kind === 'pointer' ? type.elem : type;
    if (named.kind !== 'name') this.#failAt(type.at, "expected a field's name in front of its type");
    return [{ name: unqualified(named.name), type, embedded: true }];
  }

  #token(ahead = 0): Token {
    // The last token is `end`, and nothing goes on behind it.
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)] as Token;
  }

  #take(): Token {
    const token = this.#token();
    this.#next++;
    return token;
  }

  #is(mark: string): boolean {
    const { kind, text } = this.#token();
    return kind === 'mark' && text === mark;
  }

  #skip(mark: string): boolean {
    if (!this.#is(mark)) return false;
    this.#next++;
    return true;
  }

  #expect(mark: string): void {
    if (!this.#skip(mark)) this.#fail(`\`${mark}\``);
  }

  #fail(expected: string): never {
    const { kind, text, at } = this.#token();
    this.#failAt(at, `expected ${expected}, found ${kind === 'end' ? 'the end' : `\`${text}\``}`);
  }

  #failAt(at: number, what: string): never {
    throw new SignatureError(this.#text, at, what);
  }
}

const keywords = new Set(
  `break case chan const continue default defer else fallthrough for func go goto if import interface map package range
  return select struct switch type var`.split(/\s+/),
);

function unqualified(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function isIdentifier(name: string): boolean {
  return !/[./%~-]/.test(name);
}

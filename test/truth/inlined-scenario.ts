/** Go functions with inlined calls in all positions that matter for counting them. */
import { type Dice, oneOf } from './dice.ts';
import type { Callee, Kind } from './inlined-callee.ts';

export interface Call {
  readonly callee: Callee;
  readonly args: readonly [Expression, Expression];
  line: number;
}

type Expression = string | Call | { readonly operator: string; readonly left: Expression; readonly right: Expression };

type Statement =
  | { readonly text: readonly [string, Expression, string] }
  | {
      readonly text: readonly [string, Expression, string];
      readonly body: readonly Statement[];
      readonly otherwise?: readonly Statement[] | undefined;
      readonly onOneLine: boolean;
    };

export interface Scenario {
  readonly statements: readonly Statement[];
  readonly calls: Call[];
}

/** A random body; each of its calls is in `calls`. */
export function newScenario(dice: Dice, all: readonly Callee[]): Scenario {
  const calls: Call[] = [];
  const expression = (kind: Kind, depth: number): Expression => {
    const choice = dice.below(10);
    if (depth > 0 && choice < 5) {
      const callee = oneOf(
        dice,
        all.filter((each) => each.kind === kind),
      );
      const call: Call = { callee, args: [expression('int', depth - 1), expression('int', depth - 2)], line: 0 };
      calls.push(call);
      return call;
    }
    if (kind === 'bool') {
      if (depth > 1 && choice < 8) {
        return {
          operator: oneOf(dice, ['&&', '||']),
          left: expression('bool', depth - 1),
          right: expression('bool', depth - 1),
        };
      }
      const left = expression('int', depth - 1);
      return { operator: oneOf(dice, ['<', '>=', '==', '!=']), left, right: oneOf(dice, ['x', 'y', '3', '7']) };
    }
    if (depth > 0 && choice < 7) {
      const left = expression('int', depth - 1);
      return { operator: oneOf(dice, ['+', '-', '^']), left, right: expression('int', depth - 1) };
    }
    return oneOf(dice, ['x', 'y', 'acc', 't.n', 'n', String(dice.below(12))]);
  };
  let variables = 0;
  const block = (depth: number, inLoop: boolean): Statement[] =>
    Array.from({ length: 1 + dice.below(3) }, () => statements(depth, inLoop)).flat();
  const statements = (depth: number, inLoop: boolean): Statement[] => {
    const onOneLine = dice.below(3) === 0;
    switch (dice.below(depth > 0 ? 12 : 5)) {
      case 0:
        return [{ text: ['acc += ', expression('int', 2), ''] }];
      case 1:
        return [{ text: [`${oneOf(dice, ['x', 'y', 't.m'])} = `, expression('int', 2), ''] }];
      case 2:
        return [{ text: ['use(', expression('int', 2), ')'] }];
      case 3:
        return [{ text: ['acc -= ', expression('int', 1), ''] }];
      case 4: {
        // Needed on one way only: the compiler moves it there.
        const name = `v${variables++}`;
        const used: Statement = { text: [`acc += ${name} + `, expression('int', 1), ''] };
        return [
          { text: [`${name} := `, expression('int', 2), ''] },
          { text: ['if ', expression('bool', 1), ' {'], body: [used], onOneLine },
        ];
      }
      case 5:
      case 6:
      case 7:
        return [{ text: ['if ', expression('bool', 2), ' {'], body: block(depth - 1, inLoop), onOneLine }];
      case 8:
        return [
          {
            text: ['if ', expression('bool', 2), ' {'],
            body: block(depth - 1, inLoop),
            otherwise: block(depth - 1, inLoop),
            onOneLine,
          },
        ];
      case 9: {
        const name = `i${variables++}`;
        const body = block(depth - 1, true);
        return [
          {
            text: [`for ${name} := 0; ${name} < `, `n&3 + ${1 + dice.below(3)}`, `; ${name}++ {`],
            body,
            onOneLine: false,
          },
        ];
      }
      case 10: {
        const name = `i${variables++}`;
        const guard: Statement = {
          text: [`if ${name}++; ${name} > 4 { break }; acc += ${name} + `, expression('int', 1), ''],
        };
        const body = [guard, ...block(depth - 1, true)];
        return [
          { text: [`${name} := 0; _ = `, name, ''] },
          { text: ['for ', expression('bool', 1), ' {'], body, onOneLine: false },
        ];
      }
      default: {
        const leave = inLoop ? oneOf(dice, ['break', 'continue', 'return acc']) : 'return acc';
        const body: Statement[] = [{ text: ['acc ^= ', expression('int', 1), ''] }, { text: [leave, '', ''] }];
        return [{ text: ['if ', expression('bool', 1), ' {'], body, onOneLine }];
      }
    }
  };
  return { statements: Array.from({ length: 3 + dice.below(3) }, () => statements(3, false)).flat(), calls };
}

/**
 * Writes the function and, of the real one, the line of each call.
 * @param twin number of the scenario whose calls are counted; undefined: the calls are the real ones
 */
export function emitScenario(lines: string[], name: string, { statements }: Scenario, twin: number | undefined): void {
  lines.push('//go:noinline', `func ${name}(t *T, n, x, y int) int {`, 'acc := n');
  let line = '';
  const flush = () => {
    if (line !== '') lines.push(line);
    line = '';
  };
  const textOf = (expression: Expression): string => {
    if (typeof expression === 'string') return expression;
    if ('operator' in expression) {
      return `(${textOf(expression.left)} ${expression.operator} ${textOf(expression.right)})`;
    }
    const { callee, args } = expression;
    if (twin === undefined) expression.line = lines.length + 1;
    const [a, b] = args.map(textOf);
    return twin === undefined
      ? `${callee.name}(t, ${a}, ${b})`
      : `c${callee.name}(t, ${a}, ${b}, ${twin}, ${expression.line})`;
  };
  const emit = (statement: Statement, joined: boolean) => {
    const [before, expression, behind] = statement.text;
    line += `${before}${textOf(expression)}${behind}`;
    if (!('body' in statement)) {
      if (joined) line += '; ';
      else flush();
      return;
    }
    const isJoined = joined || statement.onOneLine;
    if (!isJoined) flush();
    for (const inner of statement.body) emit(inner, isJoined);
    if (statement.otherwise !== undefined) {
      line += '} else {';
      if (!isJoined) flush();
      for (const inner of statement.otherwise) emit(inner, isJoined);
    }
    line += '}';
    if (joined) line += '; ';
    else flush();
  };
  for (const statement of statements) emit(statement, false);
  lines.push('return acc', '}', '');
}

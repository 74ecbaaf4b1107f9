import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GoParameter, GoType } from '../../src/binary/go-type.ts';
import { goSyntax, shortTypeName } from '../../src/commands/go-syntax.ts';

const type = (name: string): GoType => ({ kind: 'struct', name, sizeBytes: 8, alignBytes: 8 });
/** `n int, *T` -> parameters; a single word has no name. */
const list = (text: string): GoParameter[] =>
  text === ''
    ? []
    : text.split(', ').map((part) => {
        const [first = '', ...rest] = part.split(' ');
        return rest.length === 0 ? { name: '', type: type(first) } : { name: first, type: type(rest.join(' ')) };
      });

test('signatures as Go source has them', () => {
  const rows: readonly [fn: string, parameters: string, results: string, expected: string][] = [
    ['main.main', '', '', 'func main()'],
    ['main.charge', 'cents int64, tags []string', '', 'func charge(cents int64, tags []string)'],
    ['main.sum', 'a int, b int', '~r0 int', 'func sum(a int, b int) int'],
    ['main.div', 'a int', 'q int, err error', 'func div(a int) (q int, err error)'],
    ['main.two', '', '~r0 int, ~r1 error', 'func two() (int, error)'],
    ['main.named', '', 'err error', 'func named() (err error)'],
    ['main.open', '', '~r0 chan int', 'func open() chan int'],
    ['main.blank', 'a int, string', '~r0 interface {}', 'func blank(a int, _ string) any'],
    [
      'github.com/acme/shop.(*Cart).Add',
      'c *github.com/acme/shop.Cart, o *github.com/acme/shop.Order',
      '~r0 error',
      'func (c *shop.Cart) Add(o *shop.Order) error',
    ],
    ['main.Point.Sum', 'p main.Point', '~r0 int', 'func (p main.Point) Sum() int'],
    ['main.plain', 'p main.Point', '', 'func plain(p main.Point)'],
    ['main.closure.func1', 'x int', '', 'func func1(x int)'],
    ['main.closure.func2.1', 'x int', '', 'func func2.1(x int)'],
    ['example.com/shop.init.0', '', '', 'func init.0()'],
    [
      'main.(*List[go.shape.int]).Push',
      'l *main.List[go.shape.int], v int',
      '',
      'func (l *main.List[go.shape.int]) Push(v int)',
    ],
    [
      'main.Map[go.shape.int,go.shape.string]',
      'f func(int) string',
      '',
      'func Map[go.shape.int,go.shape.string](f func(int) string)',
    ],
    [
      'gopkg.in/yaml%2ev3.(*Node).Decode',
      'n *gopkg.in/yaml.v3.Node',
      '~r0 error',
      'func (n *yaml.v3.Node) Decode() error',
    ],
  ];
  for (const [fn, parameters, results, expected] of rows) {
    assert.equal(goSyntax(fn, { parameters: list(parameters), results: list(results) }), expected, fn);
  }
});

test('package paths within types are cut to their last part', () => {
  const rows: readonly [name: string, expected: string][] = [
    ['map[string][]*github.com/acme/shop.Order', 'map[string][]*shop.Order'],
    ['func(net/http.ResponseWriter, *net/http.Request)', 'func(http.ResponseWriter, *http.Request)'],
    ['main.Pair[github.com/a/b.K,net/url.URL]', 'main.Pair[b.K,url.URL]'],
    ['[]int', '[]int'],
    ['chan<- a-b.c/d~e/f.G', 'chan<- f.G'],
  ];
  for (const [name, expected] of rows) assert.equal(shortTypeName(name), expected);
});

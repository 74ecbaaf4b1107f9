import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGoBinary } from '../../../src/binary/open-go-binary.ts';
import { parseShape } from '../../../src/probe/signature/parse-signature.ts';
import { resolveType, UnresolvedType } from '../../../src/probe/signature/resolve-type.ts';
import { goTarget } from '../../support/go-target.ts';

test('names of the standard library lead to the types that they stand for', { timeout: 300_000 }, async () => {
  for (const go of ['1.26', '1.27']) {
    using binary = openGoBinary(await goTarget('httpserver', { go }));
    const nameOf = (text: string) => resolveType(binary, parseShape(text), 'main').name;
    assert.equal(nameOf('os.FileMode'), 'io/fs.FileMode');
    assert.equal(nameOf('*os.PathError'), '*io/fs.PathError');
    if (go === '1.27') assert.equal(nameOf('[]json.RawMessage'), '[]encoding/json/jsontext.Value');
    assert.equal(resolveType(binary, parseShape('time.Time'), 'main').sizeBytes, 24);
    assert.throws(
      () => nameOf('eror'),
      (error) => error instanceof UnresolvedType && /no type eror\. Nearest: error\b/.test(error.advice),
    );
  }
});

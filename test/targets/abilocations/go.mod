module sidespan.test/abilocations

go 1.22

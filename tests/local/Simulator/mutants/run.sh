#!/usr/bin/env bash
# Puts faults back into a copy of the product, one at a time, and plays seeds until the checker finds each (docs/simulator.md).
# Every patch guards its fault by Mutants.Is(N), so that the copy is built once and the fault is chosen by IRF_MUTANT.
#
#   tests/local/Simulator/mutants/run.sh [FOLDER] [SEEDS] [NUMBERS...]
#
# FOLDER gets the copy, what each seed broke without a fault (baseline.json) and the table (table.md). A fault is found where a seed breaks a
# rule that the same seed does not break without it. Exit code 1: a fault was not found, or a patch does not fit exactly, by itself and with
# all the others.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../../.." && pwd)
folder=${1:-$(mktemp -d)}
seeds=${2:-300}
shift $(($# < 2 ? $# : 2))
failed=0

copy=$folder/copy
program=$copy/local/bin/Debug/net10.0/IRFunctions.Local.dll
if [ ! -f "$program" ]; then
    rm -rf "$copy" && mkdir -p "$copy"
    (cd "$root" && git ls-files -z | tar c --null -T -) | tar x -C "$copy"
    for project in core record functions; do
        cat > "$copy/$project/Mutants.cs" <<'CODE'
namespace IRFunctions;

/// <summary>Which fault is on: the number in IRF_MUTANT.</summary>
internal static class Mutants
{
    private static readonly string? On = System.Environment.GetEnvironmentVariable("IRF_MUTANT");

    public static bool Is(int number) => On == number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
CODE
    done
    # A repository of its own, so that git takes paths from here. It refuses what does not fit exactly: a fault that slipped is none.
    git -C "$copy" init -q
    for patch in "$here"/*.patch; do
        git -C "$copy" apply --check --whitespace=nowarn "$patch" || { echo "does not fit any more: $(basename "$patch")"; failed=1; }
    done
    [ $failed = 0 ] || exit 1
    for patch in "$here"/*.patch; do
        git -C "$copy" apply --whitespace=nowarn "$patch" || { echo "collides with an earlier one: $(basename "$patch")"; exit 1; }
    done
    (cd "$copy" && dotnet restore local/IRFunctions.Local.csproj -p:ServiceBusExtension=standin -v q \
        && dotnet build local/IRFunctions.Local.csproj -c Debug --no-restore -v q -p:ServiceBusExtension=standin -p:RunAnalyzers=false \
            -p:TreatWarningsAsErrors=false -p:Layout=false)
fi

simulate() { dotnet "$program" simulate --seed 1 --seeds "$seeds" --no-shrink "$@"; }

[ -f "$folder/baseline.json" ] || IRF_MUTANT=0 simulate --ids "$folder/baseline.json" > "$folder/baseline.txt" || true

echo "| number | what is put back | found as | seed | seconds |" > "$folder/table.md"
echo "|---|---|---|---|---|" >> "$folder/table.md"
for patch in "$here"/*.patch; do
    name=$(basename "$patch" .patch)
    number=$((10#${name%%-*}))
    if [ $# -gt 0 ] && ! printf '%s\n' "$@" | grep -qx "$number"; then continue; fi
    start=$(date +%s.%N)
    found=$(IRF_MUTANT=$number simulate --until-failure --baseline "$folder/baseline.json" 2>&1 | grep -E '^seed [0-9]+: ' | tail -1 || true)
    took=$(printf '%.0f' "$(echo "$(date +%s.%N) - $start" | bc)")
    seed=$(sed -E 's/^seed ([0-9]+): .*/\1/' <<< "$found")
    rules=$(sed -E 's/^seed [0-9]+: ([A-Z0-9a-z., -]+): .*/\1/' <<< "$found")
    if [ -z "$found" ]; then
        failed=1
        rules="**not found in $seeds seeds**"
    fi
    echo "| $number | $(head -1 "$patch") | $rules | $seed | $took |" | tee -a "$folder/table.md"
done
exit $failed

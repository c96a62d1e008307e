#!/usr/bin/env bash
# Redo the figures of Wu et al. (arXiv 2408.00724) on the built-in family: bash assets/reproduction/run.sh FOLDER
# Results go to FOLDER, the report to assets/reproduction/report. Killed, the same command goes on. Needs the extra 'report'.
set -euo pipefail
results=${1:?usage: run.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)

family() { # MODEL: every strategy, seed 0
  local solve="edge-solver bench solve --quiet --suite deepmind-easy --limit 96 --model $1"
  $solve --strategies greedy,majority,best-of-n,weighted --widths 1,2,4,8,16,32,64,128,256 --out "$results/$1-sampling"
  $solve --strategies rebase --widths 4,16,64 --out "$results/$1-rebase"
  $solve --strategies mcts,beam,dvts --widths 4,16 --out "$results/$1-others"
}

family nano &
family micro
wait
edge-solver bench report "$results"/{nano,micro}-{sampling,rebase,others} --out "$here/report"

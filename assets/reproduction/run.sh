#!/usr/bin/env bash
# Redo the figures of Wu et al. (arXiv 2408.00724) on the built-in family: bash assets/reproduction/run.sh FOLDER
# Results go to FOLDER, the report to assets/reproduction/report. Killed, the same command goes on. Needs the extra 'report'.
set -euo pipefail
results=${1:?usage: run.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)

solve() { # MODEL STRATEGIES WIDTHS NAME: 48 problems, two of each module; seed 0
  edge-solver bench solve --quiet --suite deepmind-easy --limit 48 --model "$1" --strategies "$2" --widths "$3" --out "$results/$1-$4"
}

family() { # MODEL
  solve "$1" rebase 4,16,64 rebase
  solve "$1" greedy,majority,best-of-n,weighted 1,2,4,8,16,32,64 sampling
  solve "$1" beam,dvts,mcts 16 others
}

family nano &
family micro
wait
edge-solver bench report "$results"/{nano,micro}-{sampling,rebase,others} --out "$here/report"

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sbatch slurm.sh <config> <run's folder>: training on two machines with eight GPUs each. Stops with its state saved two
# minutes before its time is up, is queued again, and goes on.
#SBATCH --job-name=hqsam
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=8
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --signal=USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail
config=$1 output=$2

MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
MASTER_PORT=$((20000 + SLURM_JOB_ID % 40000))
export MASTER_ADDR MASTER_PORT OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}

resume=()
[ ! -e "$output/config.yaml" ] || resume=(--resume)

code=0
# shellcheck disable=SC2016 # the variables are each task's own
srun --kill-on-bad-exit=0 bash -c '
  export RANK=$SLURM_PROCID WORLD_SIZE=$SLURM_NTASKS LOCAL_RANK=$SLURM_LOCALID
  exec hqsam train "$@"' hqsam --config "$config" --output "$output" "${resume[@]}" || code=$?
[ $code -ne 75 ] || scontrol requeue "$SLURM_JOB_ID" # stopped and saved
exit $code

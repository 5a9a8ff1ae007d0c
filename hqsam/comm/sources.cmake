# SPDX-License-Identifier: Apache-2.0
# Gloo's code is in libtorch, its headers are not. NCCL comes in where libtorch has CUDA and the headers are there.
find_path(GLOO_INCLUDE_DIR gloo/context.h)
if(NOT GLOO_INCLUDE_DIR)
  message(FATAL_ERROR "Gloo's headers are missing: run tools/setup.sh, or install libgloo-dev")
endif()
set(_nvidia ${_libtorch_root}/../nvidia)
find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${_nvidia}/nccl/include)
find_path(CUDA_RUNTIME_INCLUDE_DIR cuda_runtime_api.h HINTS ${_nvidia}/cu13/include /usr/local/cuda/include)
set(_folder ${CMAKE_SOURCE_DIR}/hqsam/comm)
if(LibTorch_HAS_CUDA AND NCCL_INCLUDE_DIR AND CUDA_RUNTIME_INCLUDE_DIR)
  list(REMOVE_ITEM sources ${_folder}/no_nccl.cpp)
  set_source_files_properties(${_folder}/group_nccl.cpp PROPERTIES COMPILE_OPTIONS
    "-isystem;${NCCL_INCLUDE_DIR};-isystem;${CUDA_RUNTIME_INCLUDE_DIR}")
  message(STATUS "comm: Gloo and NCCL")
else()
  list(REMOVE_ITEM sources ${_folder}/group_nccl.cpp)
  message(STATUS "comm: Gloo, no NCCL")
endif()

# SPDX-License-Identifier: Apache-2.0
# Finds libtorch in a Python wheel (site-packages/torch) or in the libtorch zip: both have include/, lib/, share/.
# Looks at LIBTORCH_ROOT (cache or environment), then .deps/ of the source tree, where tools/setup.sh puts it.
# Target: LibTorch::LibTorch. Links the CPU library, and the CUDA one where it and its own libraries are there.
find_path(LIBTORCH_INCLUDE_DIR torch/csrc/api/include/torch/torch.h
  HINTS ${LIBTORCH_ROOT} $ENV{LIBTORCH_ROOT} ${CMAKE_SOURCE_DIR}/.deps/python/torch
  PATH_SUFFIXES include)
get_filename_component(_libtorch_root "${LIBTORCH_INCLUDE_DIR}" DIRECTORY)
find_library(LIBTORCH_CPU_LIBRARY torch_cpu HINTS ${_libtorch_root}/lib NO_DEFAULT_PATH)
find_library(LIBTORCH_C10_LIBRARY c10 HINTS ${_libtorch_root}/lib NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LIBTORCH_INCLUDE_DIR LIBTORCH_CPU_LIBRARY LIBTORCH_C10_LIBRARY
  REASON_FAILURE_MESSAGE "run tools/setup.sh, or set LIBTORCH_ROOT to the folder that holds libtorch's include/ and lib/")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  add_library(LibTorch::LibTorch INTERFACE IMPORTED GLOBAL)
  # libtorch ships its own fmt, pybind11, ... : searched last, so that the system's copies win.
  target_compile_options(LibTorch::LibTorch INTERFACE
    "SHELL:-idirafter ${LIBTORCH_INCLUDE_DIR}"
    "SHELL:-idirafter ${LIBTORCH_INCLUDE_DIR}/torch/csrc/api/include")
  file(GLOB _nvidia_lib_dirs ${_libtorch_root}/../nvidia/*/lib)
  set(_rpath_link "")
  foreach(dir ${_nvidia_lib_dirs})
    list(APPEND _rpath_link "-Wl,-rpath-link,${dir}")
  endforeach()
  # The CUDA runtime that libtorch uses, for kernels of one's own.
  file(GLOB _cudart ${_libtorch_root}/../nvidia/cu*/lib/libcudart.so.* ${_libtorch_root}/lib/libcudart*.so.*)
  set(LIBTORCH_CUDART "")
  if(_cudart)
    list(GET _cudart 0 LIBTORCH_CUDART)
  endif()
  target_link_libraries(LibTorch::LibTorch INTERFACE
    ${LIBTORCH_CPU_LIBRARY} ${LIBTORCH_C10_LIBRARY} ${LIBTORCH_CUDART} ${_rpath_link})

  # The CUDA half needs cuBLAS and cuDNN beside it; the wheel's CPU-only install leaves those out.
  find_library(LIBTORCH_CUDA_LIBRARY torch_cuda HINTS ${_libtorch_root}/lib NO_DEFAULT_PATH)
  file(GLOB _cudnn ${_libtorch_root}/../nvidia/cudnn/lib/libcudnn.so* ${_libtorch_root}/lib/libcudnn.so*)
  set(LibTorch_HAS_CUDA OFF)
  if(LIBTORCH_CUDA_LIBRARY AND _cudnn)
    set(LibTorch_HAS_CUDA ON)
    target_link_libraries(LibTorch::LibTorch INTERFACE
      -Wl,--no-as-needed ${_libtorch_root}/lib/libtorch.so ${LIBTORCH_CUDA_LIBRARY} ${_libtorch_root}/lib/libc10_cuda.so -Wl,--as-needed)
  endif()
  message(STATUS "libtorch: ${_libtorch_root} (CUDA: ${LibTorch_HAS_CUDA})")
endif()

# SPDX-License-Identifier: Apache-2.0
# CUDA kernels (*.cu) come in where there is a CUDA compiler of the major version of libtorch's CUDA runtime, which they
# share; of libtorch they see nothing. tools/setup.sh --cuda brings the compiler; -DHQSAM_NVCC= names another one, or OFF.
set(HQSAM_CUDA_ARCHITECTURES 80 90 CACHE STRING "compute capabilities that the CUDA kernels are built for")
file(GLOB _toolkits ${_libtorch_root}/../nvidia/cu*/bin)
find_program(HQSAM_NVCC nvcc HINTS ${_toolkits} /usr/local/cuda/bin NO_CACHE)
set(_kernels OFF)
if(HQSAM_NVCC AND LIBTORCH_CUDART)
  execute_process(COMMAND ${HQSAM_NVCC} --version OUTPUT_VARIABLE _said)
  string(REGEX MATCH "release ([0-9]+)" _release "${_said}")
  if(LIBTORCH_CUDART MATCHES "\\.so\\.${CMAKE_MATCH_1}$")
    set(_kernels ON)
  endif()
endif()
message(STATUS "ops: CUDA kernels: ${_kernels}")

if(_kernels)
  list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/hqsam/ops/no_cuda.cpp)
  set(_targets "")
  foreach(_version ${HQSAM_CUDA_ARCHITECTURES})
    list(APPEND _targets -gencode=arch=compute_${_version},code=[sm_${_version},compute_${_version}])
  endforeach()
  file(GLOB _files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/hqsam/ops/*.cu)
  foreach(_file ${_files})
    get_filename_component(_name ${_file} NAME_WE)
    set(_object ${CMAKE_BINARY_DIR}/ops/${_name}.o)
    add_custom_command(OUTPUT ${_object}
      COMMAND ${HQSAM_NVCC} -std=c++20 -O3 -Xcompiler=-fPIC -Werror=all-warnings ${_targets} -I${CMAKE_SOURCE_DIR}
        -MD -MF ${_object}.d -c ${_file} -o ${_object}
      DEPENDS ${_file} DEPFILE ${_object}.d COMMENT "CUDA ${_name}" VERBATIM)
    set_source_files_properties(${_object} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
    list(APPEND sources ${_object})
  endforeach()
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/ops)
endif()

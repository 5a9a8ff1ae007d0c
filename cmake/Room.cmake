# SPDX-License-Identifier: Apache-2.0
# hqsam_room(name "job" USES rooms and third::libraries...): the folder hqsam/<name> as the static library hqsam_<name>.
set(HQSAM_ROOMS "" CACHE INTERNAL "")

# One precompiled header (libtorch's, about 25 s) serves every room that uses libtorch.
add_library(hqsam_pch STATIC ${CMAKE_SOURCE_DIR}/cmake/pch.cpp)
target_link_libraries(hqsam_pch PUBLIC hqsam_flags third::torch third::spdlog third::json)
target_precompile_headers(hqsam_pch PRIVATE <torch/torch.h>)

# Rooms and tests that reach libtorch reuse that header.
function(hqsam_use_pch target)
  target_precompile_headers(${target} REUSE_FROM hqsam_pch)
endfunction()

function(hqsam_room name job)
  cmake_parse_arguments(ARG "" "" "USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/hqsam/${name}/*.cpp)
  include(${CMAKE_SOURCE_DIR}/hqsam/${name}/sources.cmake OPTIONAL)  # where a room chooses among its files
  set(target hqsam_${name})
  add_library(${target} STATIC ${sources})
  add_library(hqsam::${name} ALIAS ${target})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<INSTALL_INTERFACE:include>)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:hqsam_flags>)
  set(torch OFF)
  foreach(use ${ARG_USES})
    if(use MATCHES "^third::")
      target_link_libraries(${target} PUBLIC ${use})
    else()
      if(NOT use IN_LIST HQSAM_ROOMS)
        message(FATAL_ERROR "room ${name} uses ${use}, which is not above it in the table")
      endif()
      target_link_libraries(${target} PUBLIC hqsam_${use})
      get_target_property(use_torch hqsam_${use} HQSAM_TORCH)
      if(use_torch)
        set(torch ON)
      endif()
    endif()
  endforeach()
  if(torch OR "third::torch" IN_LIST ARG_USES)
    set_target_properties(${target} PROPERTIES HQSAM_TORCH ON)
    hqsam_use_pch(${target})
  endif()
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  set(HQSAM_ROOMS ${HQSAM_ROOMS} ${name} CACHE INTERNAL "")
endfunction()

# hqsam::hqsam: all rooms as one target.
function(hqsam_umbrella)
  add_library(hqsam INTERFACE)
  add_library(hqsam::hqsam ALIAS hqsam)
  foreach(room ${HQSAM_ROOMS})
    target_link_libraries(hqsam INTERFACE hqsam_${room})
  endforeach()
endfunction()

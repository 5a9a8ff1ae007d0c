# SPDX-License-Identifier: Apache-2.0
# cmake --install: the binary, the libraries, the headers, and a package so that find_package(hqsam) gives
# hqsam::hqsam to another project.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hqsam)

set(room_targets "")
foreach(room ${HQSAM_ROOMS})
  list(APPEND room_targets hqsam_${room})
  target_compile_features(hqsam_${room} PUBLIC cxx_std_20)
endforeach()
install(TARGETS hqsam ${room_targets} EXPORT hqsamTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT hqsamTargets NAMESPACE hqsam:: DESTINATION ${package_dir})
install(DIRECTORY hqsam/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hqsam FILES_MATCHING PATTERN "*.h")

configure_package_config_file(cmake/hqsamConfig.cmake.in ${CMAKE_BINARY_DIR}/hqsamConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/hqsamConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/ThirdParty.cmake cmake/FindLibTorch.cmake
  ${CMAKE_BINARY_DIR}/hqsamConfig.cmake ${CMAKE_BINARY_DIR}/hqsamConfigVersion.cmake
  DESTINATION ${package_dir})

if(HQSAM_TOOLS)
  # libtorch and its CUDA runtime are no system libraries: the binary keeps the paths that it was linked with.
  set(_rpath ${_libtorch_root}/lib)
  if(LIBTORCH_CUDART)
    get_filename_component(_folder ${LIBTORCH_CUDART} REALPATH)
    get_filename_component(_folder ${_folder} DIRECTORY)
    list(APPEND _rpath ${_folder})
  endif()
  set_target_properties(hqsam_cli PROPERTIES INSTALL_RPATH "${_rpath}")
  install(TARGETS hqsam_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

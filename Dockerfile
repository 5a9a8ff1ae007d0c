# SPDX-License-Identifier: Apache-2.0
# docker build -t hqsam .                     for CPUs
# docker build -t hqsam --build-arg CUDA=1 .  with libtorch's CUDA libraries; run with --gpus all
FROM debian:12-slim AS build
ARG CUDA=0
WORKDIR /opt/hqsam
COPY tools/setup.sh tools/lib.sh tools/
RUN if [ "$CUDA" = 1 ]; then tools/setup.sh --cuda; else tools/setup.sh; fi
COPY . .
RUN CXX=clang++ cmake -S . -B build -G Ninja -DHQSAM_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr/local \
  && ninja -C build \
  && DESTDIR=/image cmake --install build \
  && if [ "$CUDA" != 1 ]; then rm .deps/python/torch/lib/libtorch_cuda*.so; fi

FROM debian:12-slim
RUN apt-get update -qq \
  && apt-get install -y -qq --no-install-recommends libgif7 libjpeg62-turbo libonnx1 libopencv-imgcodecs406 libpng16-16 \
    libspdlog1.10 libtiff6 libyaml-cpp0.7 zlib1g \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/hqsam/.deps/python/torch/lib /opt/hqsam/.deps/python/torch/lib
COPY --from=build /opt/hqsam/.deps/python/nvidia /opt/hqsam/.deps/python/nvidia
COPY --from=build /image/usr/local/bin/hqsam /usr/local/bin/hqsam
WORKDIR /data
ENTRYPOINT ["hqsam"]

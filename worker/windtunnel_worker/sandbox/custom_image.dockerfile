# An operator's own image: see custom_image.py. `pip` is this machine's, `wheels` are all there is to install from.
ARG BASE
FROM ${BASE} AS libraries
# By this label the build finds what it leaves of this stage.
ARG STAGE
LABEL windtunnel.stage=${STAGE}
USER root
COPY . /parts
# What the base holds is seen as installed, and kept: the rest goes to a folder of its own.
RUN set -e; \
    PYTHONPATH="/parts/pip:$PYTHONPATH" python3 -m pip install --root-user-action ignore \
        --disable-pip-version-check --no-index --find-links /parts/wheels --only-binary :all: --no-compile \
        --constraint /parts/constraints.txt --prefix /added -r /parts/requirements.txt; \
    mkdir -p /added/ready; \
    for folder in $(find /added -type d -name '*-packages'); do cp -R "$folder"/. /added/ready/; done; \
    find /added/ready -type d -name tests -prune -exec rm -rf {} +; \
    python3 -m compileall -q -j0 --invalidation-mode unchecked-hash \
        -s /added/ready -p /opt/windtunnel/lib /added/ready

FROM ${BASE}
COPY --from=libraries /added/ready /opt/windtunnel/lib

import { FileUp } from 'lucide-react';
import type { ReactNode } from 'react';
import { FileTrigger } from 'react-aria-components';
import { Button } from './button.tsx';

/** Opens a text file from this laptop or a stick. */
export function FilePick(p: {
  readonly label: string;
  readonly accept: string;
  readonly onText: (text: string, fileName: string) => void;
}) {
  const open = async ([file]: readonly File[]) => {
    if (file) p.onText(await file.text(), file.name);
  };
  return (
    <FileChoose accept={p.accept} onFiles={(files) => void open(files)}>
      <FileUp aria-hidden />
      {p.label}
    </FileChoose>
  );
}

/** Chooses files of any kind, as they are. */
export function FileChoose(p: {
  readonly accept?: string;
  readonly several?: boolean;
  readonly busy?: boolean;
  readonly onFiles: (files: readonly File[]) => void;
  readonly children: ReactNode;
}) {
  return (
    <div>
      <FileTrigger
        {...(p.accept && { acceptedFileTypes: p.accept.split(',') })}
        allowsMultiple={p.several ?? false}
        onSelect={(files) => files && files.length > 0 && p.onFiles([...files])}
      >
        <Button look="line" busy={p.busy ?? false}>
          {p.children}
        </Button>
      </FileTrigger>
    </div>
  );
}
